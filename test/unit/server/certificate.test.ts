import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { expect, it, vi } from 'vitest';
import { CertificateReload } from '../../../src/server/certificate.js';

it('goes on where nothing can be watched, and says how to tell it of a new certificate', () => {
  const error = vi.fn();
  // A folder that is not there is refused at the same point as one too many.
  const folder = join(tmpdir(), `slipway-certificates-${process.pid}`);
  const reload = new CertificateReload(
    { certificateFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') },
    { cert: Buffer.alloc(0), key: Buffer.alloc(0), minVersion: 'TLSv1.2' },
    { use: vi.fn(), log: { error } as unknown as Logger },
  );
  reload.close();
  expect(error).toHaveBeenCalledExactlyOnceWith(
    { err: expect.objectContaining({ code: 'ENOENT' }) },
    `${folder} cannot be watched for a new certificate. Send the server SIGHUP when there is one.`,
  );
});

import type { Operation } from '../../../support/operations.js';
import { all, answerTo, type Expected, JSON_TYPE, type Rules, type Sent } from './rule.js';

const BOUNDARY = 'slipway';
const TYPE = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

function part(name: string, fileName?: string): string {
  const file = fileName === undefined ? '' : `; filename="${fileName}"`;
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\nx\r\n`;
}

const form = (...parts: string[]): Sent => ({
  headers: TYPE,
  body: `${parts.join('')}--${BOUNDARY}--\r\n`,
});

const named = (fileName: string) => form(part('file', fileName));

/** Forms that lack something, or have too much, and names that no file should get. */
export const ODD_UPLOADS = {
  'JSON in place of a form': { headers: JSON_TYPE, body: '{}' },
  'a form without its boundary': { headers: { 'content-type': 'multipart/form-data' }, body: 'x' },
  'a form of nothing': form(),
  'a form that is cut off': { headers: TYPE, body: part('file', 'a.txt').slice(0, -2) },
  'a form without a file': form(part('file')),
  'a form with two files': form(part('file', 'a.txt'), part('file', 'b.txt')),
  'a file without a name': named(''),
  'a file named by a way up': named('../../etc/passwd'),
  'a file named by an absolute path': named('/etc/passwd'),
  'a file named with backslashes': named('..\\\\a.txt'),
  'a file named with a NUL': named('a\0b.txt'),
  'a file named by two dots': named('..'),
  'a file named by 300 characters': named('x'.repeat(300)),
} satisfies Record<string, Sent>;
export type OddUpload = keyof typeof ODD_UPLOADS;

const UPLOADS = Object.keys(ODD_UPLOADS) as OddUpload[];
const NO_FILES = [
  ...(['JSON in place of a form', 'a form of nothing', 'a form without a file'] as const),
  'a file without a name',
] as const;

const RULES: Rules<OddUpload> = [
  {
    answers: {
      'a form without its boundary': [400, 'BROKEN_UPLOAD'],
      'a form that is cut off': [400, 'BROKEN_UPLOAD'],
      'a form with two files': [400, 'SEVERAL_FILES'],
    },
  },
  // Nobody can score a model of Microsoft's, so that none is kept under any name.
  {
    of: ['publishRealtimeWebServiceByName', 'publishRealtimeWebServiceByNameVersion'],
    answers: all(UPLOADS, [400, 'MISSING_MODEL']),
  },
  { of: ['patchRealtimeWebServiceByNameVersion'], answers: all(UPLOADS, [400, 'NOT_REALTIME']) },
  { answers: all(NO_FILES, [400, 'MISSING_FILE']) },
  { answers: all(UPLOADS, [400, 'BAD_FILE_NAME']) },
];

/** What a route that takes a form answers to a bad one. */
export function answerToUpload(operation: Operation, upload: OddUpload): Expected {
  return answerTo(RULES, operation, upload);
}

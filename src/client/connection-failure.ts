import {
  type ClientError,
  NotAnRServerError,
  ServerUnreachableError,
  UntrustedCertificateError,
} from './errors.js';

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const NOT_IN_TIME: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** The first byte of an alert of TLS: what a server of HTTPS says to plain HTTP. */
const TLS_ALERT = 0x15;

/** The error that a failed connection stands for, with what to do about it. */
export function connectionFailure(url: string, cause: NodeJS.ErrnoException): ClientError {
  const { code = cause.message } = cause;
  const certificate = certificateProblem(code, cause);
  if (certificate !== undefined) return new UntrustedCertificateError(url, certificate, { cause });
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const plain = url.replace('https:', 'http:');
    return new NotAnRServerError(url, `it does not speak TLS. If it has no HTTPS, write ${plain}`);
  }
  if (code.startsWith('HPE_')) {
    const { rawPacket } = cause as { rawPacket?: Uint8Array };
    const what = rawPacket?.[0] === TLS_ALERT ? wantsTls(url) : 'it does not speak HTTP';
    return new NotAnRServerError(url, what);
  }
  return new ServerUnreachableError(url, code, { cause });
}

/** For a server of HTTPS that was spoken to in plain HTTP. */
export function wantsTls(url: string): string {
  return `it wants HTTPS. Write ${url.replace('http:', 'https:')}`;
}

function certificateProblem(code: string, cause: Error): string | undefined {
  if (UNKNOWN_AUTHORITY.has(code)) {
    return `is not signed by an authority that is trusted here (${code}). If the authority is your organisation's own, set caFile in the configuration file, or SLIPWAY_CA_FILE, to its certificate in PEM form.`;
  }
  if (NOT_IN_TIME.has(code)) {
    return `has expired or is not valid yet (${code}). Whoever runs the server has to renew it; check the clock of this machine, too.`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { cert } = cause as { cert?: { subjectaltname?: string } };
    const names = cert?.subjectaltname ?? 'none';
    return `is for other names (${names.slice(0, 200)}). Write the address with one of these.`;
  }
  return undefined;
}

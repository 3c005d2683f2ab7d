import type { Socket } from 'node:net';
import type { ErrorResponse } from '../api/index.js';

/** What is told about bytes that are no request, by the code of the parser's error. */
const FAILURES: Readonly<Record<string, { readonly status: string } & ErrorResponse>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    message: 'The headers of the request are too large. Send fewer or shorter ones.',
    link: '',
    exceptionType: 'HEADERS_TOO_LARGE',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    message: 'The HTTP request did not arrive in time. Send it again.',
    link: '',
    exceptionType: 'REQUEST_TIMEOUT',
  },
};

const MALFORMED = {
  status: '400 Bad Request',
  message: 'What was sent is not a valid HTTP request. Send HTTP/1.1 without TLS.',
  link: '',
  exceptionType: 'INVALID_HTTP',
};

/** Answers bytes that could not be read as a request as every other failure, and hangs up. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) {
    return;
  }
  if (socket.writable) {
    const { status, ...body } = FAILURES[error.code ?? ''] ?? MALFORMED;
    const text = JSON.stringify(body);
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  }
  socket.destroySoon();
}

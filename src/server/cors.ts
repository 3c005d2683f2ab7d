import type { FastifyInstance } from 'fastify';
import type { CorsConfig } from './config.js';

/** Seconds that a browser remembers what it may send. */
const MAX_AGE = 600;

/**
 * Lets pages of other origins call the API. It must be installed before the check of tokens, since
 * a browser asks without one what it may send. Cookies are never allowed: there are none.
 */
export async function allowOrigins(app: FastifyInstance, config: CorsConfig): Promise<void> {
  if (config.origins.length === 0) return;
  // Few servers have this, and none waits for it that has not.
  const { default: cors } = await import('@fastify/cors');
  await app.register(cors, {
    origin: config.origins.includes('*') ? '*' : [...config.origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'X-Request-Id',
      'Retry-After',
      'Location',
      'Content-Disposition',
      'WWW-Authenticate',
    ],
    maxAge: MAX_AGE,
    // OPTIONS without the headers of a browser's question is answered like one, and allows nothing.
    strictPreflight: false,
  });
}

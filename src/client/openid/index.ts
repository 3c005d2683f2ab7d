/**
 * Login at an issuer of OpenID Connect, for servers that take its tokens: by a code for a device.
 * Loaded when it is needed, because a kernel starts quicker without.
 */

export type { DeviceCode, Granted } from './device-login.js';
export { type OpenIdSettings, openIdLogin } from './login.js';
export { OpenIdUser } from './openid-user.js';

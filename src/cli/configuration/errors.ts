/** Thrown for a setting of the server that cannot be used; names where it stands. */
export class ServerSettingError extends Error {
  readonly code = 'SERVER_SETTING';
  override readonly name = 'ServerSettingError';
}

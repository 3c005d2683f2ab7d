import { ClientError } from '../errors.js';

/** Thrown for a configuration file that cannot be used; names the file, the key and what to do. */
export class ConfigFileError extends ClientError {
  readonly code = 'CONFIG_FILE';
  override readonly name = 'ConfigFileError';
}

/** Thrown for a setting whose value cannot be used; names the place where it stands. */
export class SettingError extends ClientError {
  readonly code = 'SETTING';
  override readonly name = 'SettingError';
}

/** Thrown for a secret where everybody can read it: in an entry of Jupyter's. */
export class MisplacedSecretError extends ClientError {
  readonly code = 'MISPLACED_SECRET';
  override readonly name = 'MisplacedSecretError';
}

/** Thrown for a file with a password or a token that is missing, empty or open to others. */
export class SecretFileError extends ClientError {
  readonly code = 'SECRET_FILE';
  override readonly name = 'SecretFileError';
}

/** Thrown when the command that knows the login fails; what it wrote to stdout is never shown. */
export class CredentialCommandError extends ClientError {
  readonly code = 'CREDENTIAL_COMMAND';
  override readonly name = 'CredentialCommandError';
}

/** Thrown where the way to log in needs the name of a user, and none is set. */
export class MissingUserError extends ClientError {
  readonly code = 'MISSING_USER';
  override readonly name = 'MissingUserError';
}

/** Thrown when a server is named but not how to log in there, and nobody can be asked. */
export class MissingCredentialsError extends ClientError {
  readonly code = 'MISSING_CREDENTIALS';
  override readonly name = 'MissingCredentialsError';
}

import { LoginFailedError } from '../errors.js';
import type { AskLogin } from '../login-question.js';
import type { Granted, OpenIdUser } from '../openid/index.js';
import type { CredentialSource, Credentials, Refusal } from '../tokens.js';
import { runCredentialCommand } from './credential-command.js';
import { MissingCredentialsError } from './errors.js';
import type { Configuration, LoginSetting } from './resolve.js';
import { readSecretFile } from './secret-file.js';
import { environmentVariable } from './settings.js';

/** How many logins in a row may be refused: servers keep those waiting who guess. */
const MOST_ATTEMPTS = 3;

/** The login that the configuration names; where it is missing or refused, the user is asked. */
export class ConfiguredLogin implements CredentialSource {
  readonly #configuration: Configuration & { readonly url: string };
  readonly #ask: AskLogin | undefined;
  readonly #closing = new AbortController();
  /** What the user has answered. */
  #asked: Credentials | undefined;
  /** Where the user logs in at an issuer, once they have begun to. */
  #openid: OpenIdUser | undefined;
  /** Of the credentials that were given last. */
  #username: string | undefined;

  constructor(configuration: Configuration & { readonly url: string }, ask?: AskLogin) {
    this.#configuration = configuration;
    this.#ask = ask;
    this.#username = configuration.kind === 'password' ? configuration.user : undefined;
  }

  get username(): string | undefined {
    return this.#username;
  }

  /**
   * Credentials, others than those that were refused.
   * @throws {MissingCredentialsError} when there are none and nobody can be asked.
   * @throws {LoginFailedError} when there are no others; names what to do.
   * @throws {SecretFileError} {CredentialCommandError}
   */
  async get(refusal?: Refusal): Promise<Credentials> {
    const credentials = await (refusal === undefined ? this.#first() : this.#others(refusal));
    this.#username =
      credentials.kind === 'password'
        ? credentials.username
        : credentials === this.#asked
          ? this.#openid?.username
          : undefined;
    return credentials;
  }

  close(): void {
    this.#closing.abort();
  }

  async #first(): Promise<Credentials> {
    if (this.#asked !== undefined) return this.#asked;
    const { login } = this.#configuration;
    if (login?.isForThisServer) return await this.#configured(login);
    const asked = await this.#askUser(undefined);
    if (typeof asked === 'object') return asked;
    if (login !== undefined && asked === 'nobody') return await this.#configured(login);
    throw this.#missing();
  }

  /** What is configured may have changed: a file has been written, a command is asked again. */
  async #others(refusal: Refusal): Promise<Credentials> {
    const { login } = this.#configuration;
    const isAsked = refusal.credentials === this.#asked;
    const isFirst = refusal.attempt === 1 && !isAsked;
    const renewed = isAsked ? await this.#openid?.renew() : undefined;
    if (renewed !== undefined) return this.#remember(tokenOf(renewed));
    this.#asked = undefined;
    if (login !== undefined && isFirst && isRenewable(login)) {
      const again = await this.#configured(login);
      if (!isSame(again, refusal.credentials)) return again;
    }
    const asked = refusal.attempt < MOST_ATTEMPTS ? await this.#askUser(refusal) : 'nothing';
    if (typeof asked === 'object') return asked;
    throw new LoginFailedError(`${refusal.error.message} ${this.#advice()}`, {
      cause: refusal.error,
    });
  }

  async #configured(login: LoginSetting): Promise<Credentials> {
    const { user, url } = this.#configuration;
    switch (login.key) {
      case 'token':
        return { kind: 'token', token: login.value };
      case 'tokenFile':
        return { kind: 'token', token: await readSecretFile(login.value, login.where) };
      case 'password':
        return { kind: 'password', username: user, password: login.value };
      case 'passwordFile': {
        const password = await readSecretFile(login.value, login.where);
        return { kind: 'password', username: user, password };
      }
      case 'credentialCommand':
        return await runCredentialCommand(login.value, login.where, { url, user });
    }
  }

  async #askUser(refusal: Refusal | undefined): Promise<Credentials | 'nothing' | 'nobody'> {
    if (this.#ask === undefined) return 'nobody';
    if (this.#configuration.kind === 'openid') return await this.#askIssuer(this.#ask);
    const { url, user } = this.#configuration;
    const kind = refusal?.credentials.kind ?? this.#configuration.kind;
    const { signal } = this.#closing;
    const what = kind === 'token' ? `Access token for ${url}` : `Password of ${user} at ${url}`;
    const reason = refusal === undefined ? '' : `${refusal.error.message} `;
    const prompt = `${reason}${what}: `;
    const answer = await this.#ask({ kind: 'secret', prompt, signal });
    if (!answer) return answer === undefined ? 'nobody' : 'nothing';
    return this.#remember(
      kind === 'token'
        ? { kind, token: answer }
        : { kind: 'password', username: user, password: answer },
    );
  }

  /** Has the user log in at the issuer. */
  async #askIssuer(ask: AskLogin): Promise<Credentials | 'nothing' | 'nobody'> {
    const { url, ca, openid } = this.#configuration;
    if (this.#openid === undefined) {
      const { OpenIdUser, openIdLogin } = await import('../openid/index.js');
      this.#openid = new OpenIdUser(url, () => openIdLogin(url, ca, openid));
    }
    const granted = await this.#openid.logIn(ask, this.#closing.signal);
    return typeof granted === 'object' ? this.#remember(tokenOf(granted)) : granted;
  }

  #remember(credentials: Credentials): Credentials {
    this.#asked = credentials;
    return credentials;
  }

  #missing(): MissingCredentialsError {
    const { url, origins, kind } = this.#configuration;
    const { where = '', source } = origins.find(({ key }) => key === 'url') ?? {};
    const variables =
      kind !== 'password'
        ? environmentVariable('token')
        : `${environmentVariable('user')} and ${environmentVariable('password')}, or ${environmentVariable('token')}`;
    if (source === '%connect') {
      return new MissingCredentialsError(
        `%connect cannot ask for the login to ${url}: this client takes no input, or gave none. Set ${variables}, or name a file or a command that has it.`,
      );
    }
    const names = source === 'kernelspec' ? 'The kernel was installed for' : `${where} names`;
    return new MissingCredentialsError(
      `${names} ${url}, but there is no way to log in: set ${variables}, or name a file or a command that has it, or run %connect ${url}${kind === 'openid' ? ' --auth aad' : ''}.`,
    );
  }

  #advice(): string {
    const { login, url, user, kind } = this.#configuration;
    const place = login === undefined ? '' : `Correct ${login.where}, or run `;
    const option = OPTIONS[kind] ?? `--user ${user}`;
    return `${place === '' ? 'Run ' : place}%connect ${url} ${option} to log in again.`;
  }
}

/** How `%connect` is told of a way to log in, where that is not by a password. */
const OPTIONS: Readonly<Record<string, string>> = { token: '--auth token', openid: '--auth aad' };

function tokenOf({ token, expiresAt }: Granted): Credentials {
  return { kind: 'token', token, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

function isRenewable(login: LoginSetting): boolean {
  return ['tokenFile', 'passwordFile', 'credentialCommand'].includes(login.key);
}

function isSame(one: Credentials, other: Credentials): boolean {
  return one.kind === 'token'
    ? other.kind === 'token' && one.token === other.token
    : other.kind === 'password' &&
        one.password === other.password &&
        one.username === other.username;
}

import type { IncomingMessage } from 'node:http';
import type { StatusResponse, TokenPair } from '../api/index.js';
import type { Answers } from './answers.js';
import { BatchRoutes } from './batches.js';
import { type Call, type Caller, callName, failureOf, readJson } from './call.js';
import type { SettingOrigin } from './configuration/index.js';
import { LoginFailedError, NotAnRServerError, ServerUnreachableError } from './errors.js';
import { ServiceRoutes } from './services.js';
import { SessionRoutes } from './sessions.js';
import { SnapshotRoutes } from './snapshots.js';
import {
  type CredentialSource,
  type Credentials,
  knownCredentials,
  TokenKeeper,
} from './tokens.js';
import { HttpTransport, normaliseServerUrl } from './transport.js';

/** Where a server is and how to log in there. */
export interface ServerLocation {
  readonly url: string;
  readonly credentials: Credentials | CredentialSource;
}

/** Settings of a client. */
export interface ClientOptions {
  /**
   * Finds the server again when it cannot be reached or refuses the login: the embedded server
   * has a new password, perhaps a new port, each time it starts. Absent for other servers.
   */
  readonly relocate?: () => Promise<ServerLocation>;
  /** Where the settings come from, to be shown. */
  readonly origins?: readonly SettingOrigin[];
  /** PEM certificates of the authorities to trust, in place of the usual ones. */
  readonly ca?: string;
  /** Milliseconds until the whole answer to a short request; 30 000 by default. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Bytes of an answer to a short call, and to one that carries results of the user's code. */
const LONGEST_ANSWER = 64 * 1024 ** 2;
const LONGEST_RESULT = 500 * 1024 ** 2;

/**
 * A client of one R Server 9.1, or of Slipway's own. It logs in on first use, renews its token
 * ahead of time, and repeats a request once after a 401. The token travels in headers alone.
 */
export class RServerClient implements Caller {
  readonly sessions = new SessionRoutes(this);
  readonly snapshots = new SnapshotRoutes(this);
  readonly services = new ServiceRoutes(this);
  readonly batches = new BatchRoutes(this);
  readonly #options: ClientOptions;
  readonly #tokens: TokenKeeper;
  #credentials: CredentialSource;
  #transport: HttpTransport;
  #relocating: Promise<void> | undefined;

  /** @throws {InvalidServerUrlError} */
  constructor(location: ServerLocation, options: ClientOptions = {}) {
    this.#options = options;
    this.#credentials = sourceOf(location);
    this.#transport = this.#connectTo(location);
    this.#tokens = new TokenKeeper(
      {
        login: (username, password) => this.#tokenPair('/login', { username, password }),
        renew: (refreshToken) => this.#tokenPair('/login/refreshToken', { refreshToken }),
      },
      () => this.#credentials,
    );
  }

  /** Address of the server, without a slash at its end. */
  get url(): string {
    return this.#transport.url;
  }

  /** Name of the user, unknown where only a token was given. */
  get username(): string | undefined {
    return this.#credentials.username;
  }

  get #timeout(): number {
    return this.#options.timeout ?? DEFAULT_TIMEOUT_MS;
  }

  /** Whether the server is this user's own, started by the kernel. */
  get embedded(): boolean {
    return this.#options.relocate !== undefined;
  }

  /**
   * A token that is valid now, for the `Authorization` header.
   * @throws {LoginFailedError}
   * @throws {ServerUnreachableError}
   */
  async accessToken(): Promise<string> {
    return this.#relocated(() => this.#tokens.token());
  }

  /** A token in place of one that was refused elsewhere, as by the WebSocket of a session. */
  async replaceToken(refused: string): Promise<string> {
    return this.#relocated(() => this.#tokens.replace(refused));
  }

  /** Health of the server and its components. */
  status(): Promise<StatusResponse> {
    return this.answer('StatusResponse', { method: 'GET', path: '/status' });
  }

  /** Where its settings come from; empty where nobody said. */
  get origins(): readonly SettingOrigin[] {
    return this.#options.origins ?? [];
  }

  /** PEM certificates of the authorities to trust, where they are not the usual ones. */
  get ca(): string | undefined {
    return this.#options.ca;
  }

  /**
   * Ends the connections that are kept open, renews no more, and withdraws an open question for a
   * login; sessions and tokens live on. Idempotent.
   */
  async close(): Promise<void> {
    this.#tokens.close();
    this.#credentials.close();
    await this.#transport.close();
  }

  async answer<Name extends keyof Answers>(name: Name, call: Call): Promise<Answers[Name]> {
    return (await this.answerText(name, call)).value;
  }

  async answerText<Name extends keyof Answers>(
    name: Name,
    call: Call,
  ): Promise<{ value: Answers[Name]; text: string }> {
    const [read, { checkAnswer }] = await Promise.all([this.#read(call), import('./answers.js')]);
    // Servers answer a list of one with its one member, and an empty list with nothing.
    const isList = name.endsWith('List') && !Array.isArray(read.value);
    const list = read.value === null ? [] : [read.value];
    const value = checkAnswer(name, isList ? list : read.value, callName(call));
    return { value, text: read.text };
  }

  async json(call: Call): Promise<unknown> {
    return (await this.#read(call)).value;
  }

  async stream(call: Call): Promise<IncomingMessage> {
    return this.#relocated(async () => {
      const token = await this.#tokens.token();
      const answer = await this.#send(call, token);
      if (answer.statusCode !== 401) return this.#accepted(answer, call);
      answer.resume();
      return this.#accepted(await this.#send(call, await this.#tokens.replace(token)), call);
    });
  }

  async #read(call: Call): Promise<{ value: unknown; text: string }> {
    const limit = call.unlimited ? LONGEST_RESULT : LONGEST_ANSWER;
    return readJson(await this.stream(call), this.url, callName(call), limit);
  }

  #send(call: Call, token: string | undefined): Promise<IncomingMessage> {
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    const contentType = call.json === undefined ? call.contentType : 'application/json';
    const headers: Record<string, string> = { accept: 'application/json, */*' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (contentType !== undefined) headers['content-type'] = contentType;
    if (body === undefined) headers['content-length'] = '0';
    else if (typeof body !== 'function') headers['content-length'] = `${Buffer.byteLength(body)}`;
    return this.#transport.send({
      method: call.method,
      path: call.path,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      ...(call.isRepeatable === undefined ? {} : { isRepeatable: call.isRepeatable }),
      ...(call.unlimited ? {} : { timeout: (call.patience ?? 1) * this.#timeout }),
    });
  }

  async #accepted(answer: IncomingMessage, call: Call): Promise<IncomingMessage> {
    const status = answer.statusCode ?? 0;
    if (status < 200 || status >= 300) throw await failureOf(answer, call, this.url);
    if (answer.headers['content-type']?.startsWith('text/html') && !call.path.includes('/files/')) {
      answer.destroy();
      throw new NotAnRServerError(
        this.url,
        `"${callName(call)}" was answered with a web page, perhaps the login page of a proxy or a network`,
      );
    }
    return answer;
  }

  /** Runs a call; when the server has moved or has another password, finds it and runs it again. */
  async #relocated<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      const moved =
        (error instanceof ServerUnreachableError && error.neverSent) ||
        error instanceof LoginFailedError;
      if (!moved || this.#options.relocate === undefined) throw error;
      this.#relocating ??= this.#relocate(this.#options.relocate).finally(() => {
        this.#relocating = undefined;
      });
      await this.#relocating;
      return run();
    }
  }

  #connectTo({ url }: ServerLocation): HttpTransport {
    return new HttpTransport(normaliseServerUrl(url), this.#options.ca);
  }

  async #relocate(relocate: () => Promise<ServerLocation>): Promise<void> {
    const location = await relocate();
    const previous = this.#transport;
    this.#credentials = sourceOf(location);
    this.#transport = this.#connectTo(location);
    this.#tokens.forget();
    await previous.close();
  }

  /** Checked by hand, as the answer of {SessionRoutes.create} is: a starting kernel waits. */
  async #tokenPair(path: string, json: object): Promise<TokenPair> {
    // A refresh token serves once: one that comes again counts as stolen.
    const call: Call = { method: 'POST', path, json, isRepeatable: path === '/login' };
    const answer = await this.#accepted(await this.#send(call, undefined), call);
    const { value: body } = await readJson(answer, this.url, callName(call), LONGEST_ANSWER);
    const pair = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    if (typeof pair.access_token !== 'string' || typeof pair.refresh_token !== 'string') {
      throw new NotAnRServerError(this.url, `"${callName(call)}" was answered without a token`);
    }
    const expiresOn = Number(pair.expires_on);
    const life = Number(pair.expires_in ?? expiresOn - Date.now() / 1000);
    return {
      token_type: 'Bearer',
      access_token: pair.access_token,
      refresh_token: pair.refresh_token,
      expires_in: Number.isFinite(life) ? life : 3600,
      expires_on: expiresOn,
    };
  }
}

function sourceOf({ credentials }: ServerLocation): CredentialSource {
  return 'get' in credentials ? credentials : knownCredentials(credentials);
}

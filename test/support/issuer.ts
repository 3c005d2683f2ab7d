import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import Provider, { type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';
import { v4 as uuid } from 'uuid';
import type { OpenIdConfig } from '../../src/server/config.js';

/** The address of the API that the issuer's access tokens are for. */
export const AUDIENCE = 'https://slipway.example.org/api';
/** The program that users log in with: a public one, as a notebook is. */
export const CLIENT_ID = 'slipway-notebooks';
/** Seconds between two polls of a client that waits for its user. */
const POLLING_INTERVAL = 1;

/** What the issuer shows when a device is logged in. */
const SUCCESS = 'You are signed in.';

/** What the issuer says about a user, besides the name that they log in with. */
export type UserClaims = Readonly<Record<string, unknown>>;

interface SigningKey {
  readonly kid: string;
  readonly jwk: JWK;
  readonly key: CryptoKey;
}

/** How the tokens of an issuer are to be. */
export interface IssuerOptions {
  /** What goes into the access token of a user, by the name that they log in with. */
  readonly users?: Readonly<Record<string, UserClaims>>;
  /** Seconds that an access token holds. */
  readonly tokenLife?: number;
  /** Seconds that a device's code holds. */
  readonly codeLife?: number;
}

/**
 * A real issuer of OpenID Connect on loopback, which lets in whoever gives a name. Its keys can be
 * rotated, and it can be away for a while.
 */
export class TestIssuer {
  /** Paths that were asked for, in their order. */
  readonly asked: string[] = [];
  readonly #http: Server;
  /** What it remembers, logins included, also when its keys change. */
  readonly #records = new Map<string, AdapterPayload>();
  #handle: RequestListener = () => undefined;
  #signing: SigningKey;
  #port = 0;

  private constructor(
    private readonly options: IssuerOptions,
    signing: SigningKey,
  ) {
    this.#signing = signing;
    this.#http = createServer((request, response) => {
      this.asked.push(new URL(request.url ?? '', 'http://issuer').pathname);
      this.#handle(request, response);
    });
  }

  static async start(options: IssuerOptions = {}): Promise<TestIssuer> {
    const issuer = new TestIssuer(options, await newKey());
    await issuer.comeBack();
    issuer.#serve();
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Signs with a new key from now on, and shows only that. */
  async rotateKeys(): Promise<void> {
    this.#signing = await newKey();
    this.#serve();
  }

  /** Forgets who has logged in: no login can be renewed any more. */
  endLogins(): void {
    for (const key of this.#records.keys()) {
      if (!key.startsWith('Client:')) this.#records.delete(key);
    }
  }

  /** How many times the keys were fetched. */
  get keyFetches(): number {
    return this.asked.filter((path) => path === '/jwks').length;
  }

  /** Refuses connections until {@link comeBack}. */
  async goAway(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }

  async comeBack(): Promise<void> {
    this.#http.listen(this.#port, '127.0.0.1');
    await once(this.#http, 'listening');
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  /**
   * An access token as the issuer gives them, signed with its key, of claims that a test chooses;
   * those that are undefined are left out.
   */
  async token(claims: UserClaims = {}, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: this.url,
      aud: AUDIENCE,
      sub: 'ana',
      client_id: CLIENT_ID,
      jti: uuid(),
      iat: now,
      exp: now + 3600,
      ...claims,
    };
    const { kid, key } = this.#signing;
    return await new SignJWT(all)
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...header })
      .sign(key);
  }

  /** The public half of the key that it signs with, as everybody can read it. */
  get publicKey(): JWK {
    const { kty, n, e, kid } = this.#signing.jwk;
    return { kty, n, e, kid } as JWK;
  }

  /**
   * Confirms a device's code, as its user does in a browser: opens the page, types the code, logs
   * in and agrees.
   * @throws when the issuer does not end with its page of success
   */
  async approve(verificationUri: string, userCode: string, login: string): Promise<void> {
    const browser = new Browser();
    let page = await browser.open(verificationUri);
    // Code, confirmation, login, consent.
    for (let step = 0; step < 5 && page.includes('<form'); step += 1) {
      page = await browser.submit({ user_code: userCode, login, password: 'any' });
    }
    if (page !== SUCCESS) throw new Error(`The issuer says: ${page}`);
  }

  /** Refuses a device's code, as its user does in a browser. */
  async deny(verificationUri: string, userCode: string): Promise<void> {
    const browser = new Browser();
    await browser.open(verificationUri);
    await browser.submit({ user_code: userCode });
    const page = await browser.submit({ user_code: userCode, abort: 'yes' }, ['confirm']);
    if (!page.includes('AbortedError')) throw new Error(`The issuer says: ${page}`);
  }

  async close(): Promise<void> {
    if (this.#http.listening) await this.goAway();
  }

  #serve(): void {
    const provider = new Provider(this.url, {
      ...configuration(this.options, this.#signing.jwk),
      adapter: (kind: string) => new RecordAdapter(kind, this.#records),
    });
    provider.use(async (context, next) => {
      await next();
      // Clients poll every 5 s unless they are told otherwise.
      if (context.path === '/device/auth' && context.status === 200) {
        context.body = { ...(context.body as object), interval: POLLING_INTERVAL };
      }
    });
    this.#handle = provider.callback();
  }
}

async function newKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = uuid();
  const jwk = { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
  return { kid, jwk, key: privateKey };
}

function configuration(
  { users = {}, tokenLife = 3600, codeLife = 600 }: IssuerOptions,
  key: JWK,
): Configuration {
  return {
    jwks: { keys: [key] } as never,
    cookies: { keys: ['of a test'] },
    clients: [
      {
        client_id: CLIENT_ID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    scopes: ['openid', 'profile', 'offline_access'],
    claims: { openid: ['sub'], profile: ['preferred_username'] },
    conformIdTokenClaims: false,
    ttl: {
      AccessToken: tokenLife,
      DeviceCode: codeLife,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    features: {
      deviceFlow: {
        enabled: true,
        successSource: async (context) => {
          context.body = SUCCESS;
        },
        userCodeConfirmSource: async (context, form) => {
          context.body = form;
        },
        userCodeInputSource: async (context, form, _parsed, error) => {
          context.body = `${error?.name ?? ''}${form}`;
        },
      },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => users[(token as { accountId?: string }).accountId ?? ''],
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, ...users[id] }),
    }),
  };
}

/** Keeps what the issuer remembers in a map, which outlives the provider. */
class RecordAdapter implements Adapter {
  constructor(
    private readonly kind: string,
    private readonly records: Map<string, AdapterPayload>,
  ) {}

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    this.records.set(`${this.kind}:${id}`, payload);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.records.get(`${this.kind}:${id}`);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#ofThisKind().find((payload) => payload.userCode === userCode);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#ofThisKind().find((payload) => payload.uid === uid);
  }

  async consume(id: string): Promise<void> {
    const payload = await this.find(id);
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.records.delete(`${this.kind}:${id}`);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, payload] of this.records) {
      if (payload.grantId === grantId) this.records.delete(key);
    }
  }

  #ofThisKind(): AdapterPayload[] {
    const own = [...this.records].filter(([key]) => key.startsWith(`${this.kind}:`));
    return own.map(([, payload]) => payload);
  }
}

/** As much of a browser as forms and cookies take. */
class Browser {
  readonly #cookies = new Map<string, string>();
  #url = '';
  #page = '';

  open(url: string): Promise<string> {
    return this.#load(url);
  }

  /** Fills in the form of the page and sends it. @param without fields that are left out */
  submit(fields: Record<string, string>, without: readonly string[] = []): Promise<string> {
    const [, form = ''] = /<form([\s\S]*?)<\/form>/.exec(this.#page) ?? [];
    const action = /action="([^"]*)"/.exec(form)?.[1] ?? this.#url;
    const body = new URLSearchParams();
    for (const [input] of form.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1] ?? '';
      const value = /value="([^"]*)"/.exec(input)?.[1];
      if (!without.includes(name)) body.set(name, fields[name] ?? value ?? '');
    }
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'abort') body.set(name, value);
    }
    return this.#load(new URL(action, this.#url).href, body);
  }

  async #load(url: string, form?: URLSearchParams): Promise<string> {
    this.#url = url;
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies.set(name, value);
    }
    const { headers } = response;
    const location = headers.get('location');
    if (location !== null) return await this.#load(new URL(location, url).href);
    this.#page = await response.text();
    return this.#page;
  }
}

/** What a server needs to know of an issuer to take its tokens. */
export function openIdConfig(
  issuer: TestIssuer,
  changes: Partial<OpenIdConfig> = {},
): OpenIdConfig {
  return {
    authority: issuer.url,
    audience: AUDIENCE,
    clientId: CLIENT_ID,
    scope: undefined,
    userClaim: undefined,
    tenants: [],
    ...changes,
  };
}

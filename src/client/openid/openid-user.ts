import type { OpenIdLogin } from '../../api/index.js';
import type { AskLogin } from '../login-question.js';
import { type DeviceCode, DeviceLogin, type Granted } from './device-login.js';

/** A user who logs in at an issuer, and stays logged in by a refresh token that is kept in memory. */
export class OpenIdUser {
  #device: DeviceLogin | undefined;
  #granted: Granted | undefined;

  /**
   * @param url of the server that the login is for
   * @param find where to log in; asked once it is needed
   */
  constructor(
    private readonly url: string,
    private readonly find: () => Promise<OpenIdLogin>,
  ) {}

  /** The user as the issuer shows them. */
  get username(): string | undefined {
    return this.#granted?.username;
  }

  /**
   * Another token without asking the user; undefined when they have to log in again.
   * @throws {ServerUnreachableError} {IssuerRefusedError}
   */
  async renew(): Promise<Granted | undefined> {
    if (this.#granted === undefined) return undefined;
    this.#granted = await this.#device?.renew(this.#granted);
    return this.#granted;
  }

  /**
   * Has the user log in.
   * @param closing aborts when nobody needs the login any more
   * @throws {LoginFailedError} when they refuse, or take too long.
   * @throws {ServerUnreachableError} {IssuerRefusedError} {UnknownIssuerError}
   */
  async logIn(ask: AskLogin, closing: AbortSignal): Promise<Granted | 'nothing' | 'nobody'> {
    const over = new AbortController();
    const signal = AbortSignal.any([closing, over.signal]);
    const confirmed = Promise.withResolvers<Granted>();
    let code: Promise<DeviceCode> | undefined;
    let isConfirmed = false;
    this.#granted = undefined;
    const answer = ask({
      kind: 'confirmation',
      url: this.url,
      begin: () => {
        code ??= this.#begin(signal, confirmed);
        return code;
      },
      signal,
      isConfirmed: () => isConfirmed,
    });
    try {
      const given = answer.then((text) => (text === undefined ? 'nobody' : 'nothing'));
      const result = await Promise.race([confirmed.promise, given]);
      if (typeof result === 'object') {
        this.#granted = result;
        isConfirmed = true;
      }
      return result;
    } finally {
      over.abort();
    }
  }

  async #begin(
    signal: AbortSignal,
    { resolve, reject }: PromiseWithResolvers<Granted>,
  ): Promise<DeviceCode> {
    try {
      this.#device ??= new DeviceLogin(await this.find());
      const pending = await this.#device.begin();
      pending.granted(signal).then(resolve, reject);
      return pending.code;
    } catch (error) {
      reject(error);
      throw error;
    }
  }
}

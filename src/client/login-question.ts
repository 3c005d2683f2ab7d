import type { DeviceCode } from './openid/index.js';

/** A secret that the user types. */
export interface SecretQuestion {
  readonly kind: 'secret';
  /** The question as one line, with the reason where the login was refused. */
  readonly prompt: string;
  /** Aborts when the answer is not wanted any more. */
  readonly signal: AbortSignal;
}

/** A login that the user confirms on a page of the issuer; nothing is typed here. */
export interface ConfirmationQuestion {
  readonly kind: 'confirmation';
  /** Address of the server that the login is for. */
  readonly url: string;
  /**
   * Gets the code that the user is to confirm, when there is somebody to show it to; the same each
   * time. Its failure is told to whoever needs the login.
   */
  begin(): Promise<DeviceCode>;
  /** Aborts when the login is confirmed or not wanted any more. */
  readonly signal: AbortSignal;
  /** Whether it was confirmed, after `signal` has aborted. */
  isConfirmed(): boolean;
}

/** What the user is asked for. */
export type LoginQuestion = SecretQuestion | ConfirmationQuestion;

/**
 * Asks the user. Empty when the user gives up or interrupts, undefined where nobody can be asked;
 * to a confirmation there is no other answer.
 */
export type AskLogin = (question: LoginQuestion) => Promise<string | undefined>;

/**
 * SIP credentials that die with the token they came from. The user name carries the moment of its end and
 * the password is a signature over it (the scheme of "time-limited credentials" that TURN servers and SIP
 * proxies share), so nothing is stored and nothing can outlive the token.
 */
import { createHmac, randomBytes } from 'node:crypto';

export interface SipLogin {
  readonly username: string;
  readonly password: string;
}

export interface LoginHolder {
  readonly userUuid: string;
  readonly expiresAt: Date;
}

export class SipCredentials {
  readonly #key = randomBytes(32);

  issue(userUuid: string, expiresAt: Date): SipLogin {
    const username = `${Math.floor(expiresAt.getTime() / 1000)}.${userUuid}`;
    return { username, password: this.#password(username) };
  }

  /** Also when its time is over: the caller says so, to whoever proves to know it. */
  passwordOf(username: string): string | undefined {
    return this.holder(username) === undefined ? undefined : this.#password(username);
  }

  /** Whose user name this is and until when; undefined when it is none of ours. */
  holder(username: string): LoginHolder | undefined {
    const dot = username.indexOf('.');
    const seconds = Number(username.slice(0, Math.max(dot, 0)));
    if (dot < 1 || dot > 12 || !Number.isSafeInteger(seconds)) return undefined;
    return { userUuid: username.slice(dot + 1), expiresAt: new Date(seconds * 1000) };
  }

  #password(username: string): string {
    return createHmac('sha256', this.#key).update(username).digest('base64url');
  }
}

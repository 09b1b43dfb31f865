import { Alarm } from '../core/alarm';
import { TypedEmitter } from '../core/emitter';
import type { AccessToken } from './token';

export type TokenWatchEvents = {
  /** Once per token, the lead time before its expiry; at once when already inside the lead. */
  willExpire: [token: AccessToken];
  /** Once per token, at its expiry. */
  expired: [token: AccessToken];
};

/** Watches the lifetime of the current token, also across a sleep of the machine. */
export class TokenWatch extends TypedEmitter<TokenWatchEvents> {
  readonly #leadMs: number;
  readonly #now: () => number;
  readonly #willExpire: Alarm;
  readonly #expired: Alarm;
  #token: AccessToken | undefined;
  // A token may be watched again (register() after a failure or after unregister()); each is announced once.
  #announcedJwt: string | undefined;
  #expiredJwt: string | undefined;

  /** @param now the time at the backend: what `exp` means */
  constructor(leadMs: number, now: () => number) {
    super();
    this.#leadMs = leadMs;
    this.#now = now;
    this.#willExpire = new Alarm(() => {
      if (!this.#token) return;
      this.#announcedJwt = this.#token.jwt;
      this.emit('willExpire', this.#token);
    }, now);
    this.#expired = new Alarm(() => {
      if (!this.#token) return;
      this.#expiredJwt = this.#token.jwt;
      this.emit('expired', this.#token);
    }, now);
  }

  /** Whether there is a token to watch. */
  get isWatching(): boolean {
    return this.#token !== undefined;
  }

  /** Watches this token from now on, and no other. Events come on a later turn, never from inside this call. */
  watch(token: AccessToken): void {
    this.#token = token;
    const expiresAtMs = token.expiresAt.getTime();
    // A token that is already over has nothing left to warn of.
    if (expiresAtMs > this.#now() && token.jwt !== this.#announcedJwt)
      this.#willExpire.set(expiresAtMs - this.#leadMs);
    else this.#willExpire.cancel();
    if (token.jwt === this.#expiredJwt) this.#expired.cancel();
    else this.#expired.set(expiresAtMs);
  }

  /** To be called when time may have passed unseen, or the clock was corrected. */
  check(): void {
    this.#willExpire.check();
    this.#expired.check();
  }

  stop(): void {
    this.#token = undefined;
    this.#willExpire.cancel();
    this.#expired.cancel();
  }
}

import { nowMs } from '../core/clock';
import { VoiceSDKError, voiceError } from '../core/errors';
import { type HttpFailure, obtainCredentials } from './fetch-credentials';
import { ServerClock } from './server-clock';
import type { FetchCredentials, SipCredentials } from './sip-credentials';
import { type AccessToken, assertNotExpired, readToken } from './token';
import { TokenWatch } from './token-watch';

/** Holds the one current token of a Device, and knows by the clock of the backend how long it lives. */
export class TokenKeeper {
  readonly clock = new ServerClock();
  readonly watch: TokenWatch;
  readonly #fetchCredentials: FetchCredentials;
  #jwt: string;
  #read: AccessToken | undefined;
  #credentials: SipCredentials | undefined;

  constructor(jwt: string, leadMs: number, fetchCredentials: FetchCredentials) {
    this.#jwt = jwt;
    this.#fetchCredentials = fetchCredentials;
    this.watch = new TokenWatch(leadMs, () => this.clock.now());
    // Now, not at its first use: the clock of the backend cannot be behind its iat by what passes until then.
    this.#readable();
  }

  /** @throws TokenError `TOKEN_INVALID`, `TOKEN_NO_EXPIRY`, `TOKEN_NOT_YET_VALID` */
  get current(): AccessToken {
    if (this.#read) return this.#read;
    const read = readToken(this.#jwt, nowMs());
    this.clock.meet(read);
    this.#read = read;
    return read;
  }

  /** The token and what it was last exchanged for: what must not be shown. */
  get secrets(): readonly (string | undefined)[] {
    const { password, ha1, ice_servers: iceServers = [] } = this.#credentials ?? {};
    return [this.#jwt, password, ha1, ...iceServers.map(({ credential }) => credential)];
  }

  get isExpired(): boolean {
    return this.current.expiresAt.getTime() <= this.clock.now();
  }

  /** @throws TokenError `TOKEN_EXPIRED`, and as for {@link TokenKeeper.current} */
  usable(): AccessToken {
    assertNotExpired(this.current, this.clock.now());
    return this.current;
  }

  /**
   * Takes another token of the same user, or changes nothing.
   *
   * @throws TokenError `TOKEN_USER_MISMATCH`, `TOKEN_EXPIRED`, and as for {@link TokenKeeper.current}
   */
  replace(jwt: string): void {
    const token = readToken(jwt, nowMs());
    const former = this.#readable();
    if (former && token.claims.user_uuid !== former.claims.user_uuid) throw voiceError('TOKEN_USER_MISMATCH');
    this.clock.meet(token);
    assertNotExpired(token, this.clock.now());
    this.#jwt = jwt;
    this.#read = token;
    if (this.watch.isWatching) this.watch.watch(token);
  }

  /** Exchanges the current token. @throws VoiceSDKError `CONFIG_FETCH_FAILED`, `TOKEN_EXPIRED` */
  async obtainCredentials(signal: AbortSignal): Promise<SipCredentials> {
    const token = this.usable();
    try {
      const credentials = await obtainCredentials(this.#fetchCredentials, token.jwt, signal);
      this.clock.measure(credentials.issued_at);
      this.clock.meetCredentials(credentials.expires_at);
      this.watch.check();
      this.#credentials = credentials;
      return credentials;
    } catch (error) {
      const status =
        error instanceof VoiceSDKError ? (error.cause as HttpFailure | undefined)?.httpStatus : undefined;
      if (status === 401 || status === 403) {
        this.clock.doubt();
        this.watch.check();
        assertNotExpired(token, this.clock.now());
      }
      throw error;
    }
  }

  #readable(): AccessToken | undefined {
    try {
      return this.current;
    } catch {
      return undefined;
    }
  }
}

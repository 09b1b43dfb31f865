import type { SipCredentials } from '../auth/sip-credentials';
import type { Logger } from '../core/logger';
import { SipUserAgent } from '../sip/user-agent';
import { type AccountOptions, accountOf, iceServersOf, secretOf } from './account';

// 480 Temporarily Unavailable (RFC 3261 section 21.4.18).
const STATUS_UNAVAILABLE = 480;

/** The user agent of the current account, and those of former accounts that still carry a call. */
export class UserAgents {
  readonly #options: AccountOptions;
  readonly #logger: Logger;
  readonly #listen: (userAgent: SipUserAgent) => void;
  readonly #retired = new Set<SipUserAgent>();
  #current: SipUserAgent | undefined;
  /** The current one before: its un-REGISTER may still wait for the answer. */
  #left: SipUserAgent | undefined;
  #urls: readonly string[] = [];

  /** @param listen is called with each user agent that becomes the current one */
  constructor(options: AccountOptions, logger: Logger, listen: (userAgent: SipUserAgent) => void) {
    this.#options = options;
    this.#logger = logger;
    this.#listen = listen;
  }

  get current(): SipUserAgent | undefined {
    return this.#current;
  }

  /** How many servers there are to choose from. */
  get urlCount(): number {
    return this.#urls.length;
  }

  /** Whether these credentials are for the account and the servers of the current user agent. */
  serves({ sip_uri: uri, ws_urls: urls }: SipCredentials): boolean {
    // In whatever order: backends that spread their agents over servers shuffle them.
    return this.#current?.uri === uri && [...urls].sort().join() === [...this.#urls].sort().join();
  }

  /** Not the current one before it is passed to `use()`. @throws VoiceSDKError `REGISTRATION_FAILED` */
  create(credentials: SipCredentials): SipUserAgent {
    return new SipUserAgent(accountOf(credentials, this.#options), this.#logger);
  }

  use(userAgent: SipUserAgent, { ws_urls: urls }: SipCredentials): void {
    const former = this.#current;
    this.#current = userAgent;
    this.#urls = urls;
    if (former) this.#retire(former, userAgent.uri);
    if (this.#left?.uri === userAgent.uri) this.#left.release();
    this.#left = undefined;
    this.#listen(userAgent);
  }

  /** Secrets and ICE servers, from the next request and the next call on. */
  update(credentials: SipCredentials): void {
    const userAgent = this.#current;
    if (!userAgent) return;
    if (userAgent.uri === credentials.sip_uri)
      userAgent.updateSecret(credentials.authorization_username, secretOf(credentials));
    userAgent.iceServers = iceServersOf(credentials, this.#options);
  }

  drop(): void {
    this.#current?.stop();
    this.#left = this.#current;
    this.#current = undefined;
  }

  /** A live call needs its user agent; it is dropped when that call has ended. */
  dropUnlessCalling(): void {
    if (this.#current?.liveSessions === 0) this.drop();
    else this.#current?.unregister();
  }

  dispose(): void {
    for (const userAgent of this.#retired) userAgent.stop();
    this.drop();
  }

  /** What still talks over a former user agent may finish. */
  #retire(userAgent: SipUserAgent, successorUri: string): void {
    userAgent.removeAllListeners();
    // The registrar replaced its binding by the successor's, as both are one instance (RFC 5626 section 6);
    // removing it now would remove that one.
    if (userAgent.uri === successorUri) userAgent.release();
    if (userAgent.liveSessions === 0) {
      userAgent.stop();
      return;
    }
    userAgent.unregister();
    this.#retired.add(userAgent);
    userAgent.on('incoming', (session) => {
      session.reject(STATUS_UNAVAILABLE);
    });
    userAgent.once('idle', () => {
      this.#retired.delete(userAgent);
      userAgent.stop();
    });
  }
}

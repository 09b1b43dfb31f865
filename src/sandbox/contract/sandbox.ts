/** What is published of a running sandbox: interfaces and plain data, with no type of the packages inside. */
import type { Customer, CustomerOptions } from './customer';
import type { WaitOptions } from './customer-call';
import type { Faults } from './faults';
import type { Trace } from './trace';

/** For whom a token is, and for how long. */
export interface TokenRequest {
  /** The agent. Letters, digits, `.`, `_`, `~` and `-`; at most 64 of them, and not a customer's number. */
  readonly userUuid: string;
  /** A name for people to read; at most 128 characters on one line. Default: none. */
  readonly label?: string;
  /** Lifetime in seconds, clamped to [60, 86400]. Default 3600. */
  readonly ttlSeconds?: number;
  /** Takes `ttlSeconds` as it is, so that a test of expiry need not wait a minute. Default false. */
  readonly exact?: boolean;
}

/** A token as an integrator's backend hands it to the page. */
export interface MintedToken {
  /** The JWT: the SDK's `token`. */
  readonly token: string;
  /** As requested. */
  readonly userUuid: string;
  /** As requested; undefined where none was. */
  readonly label: string | undefined;
  /** The `exp` of the token. The SIP credentials that it is exchanged for end with it. */
  readonly expiresAt: Date;
}

/** An agent who can be called now. */
export interface Registration {
  /** The agent's user_uuid. */
  readonly user: string;
  /** One for each phone of the agent. */
  readonly contacts: readonly {
    /** The contact URI as the phone wrote it. */
    readonly uri: string;
    /** `+sip.instance` with its angle brackets (RFC 5626); undefined where the phone gave none. */
    readonly instanceId: string | undefined;
    /** When it ends unless the phone registers again. */
    readonly expiresAt: Date;
    /** Names the socket, as in the trace. */
    readonly flowId: string;
  }[];
}

/** A running sandbox. */
export interface Sandbox {
  /**
   * Of the HTTP API as this machine reaches it, without a slash at the end: the SDK's `apiBaseUrl`. A sandbox
   * that listens on all addresses answers under each of them.
   */
  readonly url: string;
  /** Of the SIP WebSocket as this machine reaches it. */
  readonly wsUrl: string;
  /** The TCP port of both. */
  readonly port: number;
  /** The key that mints tokens over HTTP (`X-User-API-Key`). A secret. */
  readonly apiKey: string;
  /** The SIP domain of all addresses. */
  readonly domain: string;
  /**
   * Mints a token as `POST /open/sdk/access-token` does, without the detour over HTTP.
   * @throws Error (rejection) for a user or a label that the platform would refuse
   */
  mintToken(request: TokenRequest): Promise<MintedToken>;
  /**
   * A customer: an existing one by its name or number, or a new one.
   * @throws Error for a name that no customer has, for options that do not fit, and for a number that is taken
   */
  customer(nameOrOptions: string | CustomerOptions): Customer;
  /** All customers, built-in ones first. */
  readonly customers: readonly Customer[];
  /** Who is registered now. */
  registrations(): readonly Registration[];
  /**
   * Resolves when the agent has a contact, at once when it already has.
   * @throws Error (rejection) at the deadline
   */
  waitForRegistration(userUuid: string, options?: WaitOptions): Promise<void>;
  /**
   * Resolves when the agent has no contact, at once when it has none.
   * @throws Error (rejection) at the deadline
   */
  waitForUnregistration(userUuid: string, options?: WaitOptions): Promise<void>;
  /** The SIP messages of all sockets. */
  readonly trace: Trace;
  /** What can go wrong on purpose. */
  readonly faults: Faults;
  /**
   * Ends everything: customers hang up, then sockets and timers go. Resolves when the port is free, and never rejects.
   * Safe to call twice.
   */
  close(): Promise<void>;
}

/** A deployment that agents register with: the sandbox, or servers that others wrote. */
import type { PhoneHome } from '../../support/phone';
import type { FarEnd } from './far-end';

export const WORLDS = ['sandbox', 'kamailio'] as const;
export type WorldName = (typeof WORLDS)[number];

/** Who plays the plain phone: one that registers like an agent, or a carrier's trunk. */
export type FarEndKind = 'phone' | 'trunk';

/** What an agent's Device gets instead of a token's exchange, as the credentials endpoint would answer. */
export type SipAccount = Readonly<Record<string, unknown>>;

/** Many plain phones, where a world has servers for them. */
export interface Crowd {
  /**
   * Registers as many new users at each server, with a challenge for each; resolves with their names when all have
   * their 200.
   */
  register(usersPerServer: number, perSecondAndServer: number): Promise<readonly string[]>;
  /** Those of these users whom one of the servers does not know. */
  unknownSomewhere(users: readonly string[]): Promise<readonly string[]>;
}

export interface World extends PhoneHome {
  readonly name: WorldName;
  /** Origin that serves `phone.html`. */
  readonly url: string;
  readonly apiBaseUrl: string;
  /** SIP over WebSocket without TLS. */
  readonly wsUrl: string;
  /** `apiBaseUrl` of agents whose media shall pass the server's relay, where there is one. */
  readonly relayingApiBaseUrl?: string;
  /** The ports of that relay. */
  readonly relayPorts?: { readonly from: number; readonly to: number };
  /** How many phones of this agent can be called now. */
  registrations(userUuid: string): Promise<number>;
  /** Credentials as they are now. */
  account(userUuid: string): Promise<SipAccount>;
  /** Credentials whose time is over, and which say nothing of it themselves. */
  expiredAccount(userUuid: string): Promise<SipAccount>;
  farEnd(kind: FarEndKind): Promise<FarEnd>;
  readonly crowd?: Crowd;
  /** The newest SIP messages, where the world records them: for the report of a failure. */
  trace(userUuid: string): string;
  close(): Promise<void>;
}

import type { RegisterFailure } from './register-answer';
import type { SipSession } from './session';

/** What a user agent tells: of its connection, its binding and the calls that come in. */
export type SipUserAgentEvents = {
  /** Counted from 1 in each outage, and from the first connection. */
  connecting: [attempt: number];
  connected: [];
  /** An attempt to connect has failed; the next one follows. */
  connectFailed: [];
  /** An open connection was lost: once an outage. */
  disconnected: [];
  registered: [];
  /** A further REGISTER was confirmed while JsSIP took us for registered. */
  refreshed: [];
  registerFailed: [failure: RegisterFailure];
  /** The binding may have expired: the machine has slept, or its clock was put forward. */
  doubtful: [];
  unregistered: [failure: RegisterFailure | undefined];
  /** Inside the arrival of the INVITE: no 180 has been sent yet. */
  incoming: [session: SipSession];
  /** The last live session has ended. */
  idle: [];
};

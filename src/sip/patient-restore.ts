import { startTimer, stopTimer, type TimerHandle } from '../core/clock';
import type { SipConnection } from './connection';

// Not from a standard: what REGISTER, its challenge and its repetition by a registrar that takes a second for each need.
const BINDING_AWAITED_MS = 4_000;

/**
 * Has sessions go on over a new connection when nobody answers the REGISTER: a dialog needs a connection, not a binding
 * (RFC 3261 section 12.2).
 */
export class PatientRestore {
  readonly #connection: Pick<SipConnection, 'isProven'>;
  readonly #restore: () => void;
  #timer: TimerHandle | undefined;

  constructor(connection: Pick<SipConnection, 'isProven'>, restore: () => void) {
    this.#connection = connection;
    this.#restore = restore;
  }

  start(): void {
    this.stop();
    this.#timer = startTimer(BINDING_AWAITED_MS, () => {
      if (this.#connection.isProven) this.#restore();
      else this.start();
    });
  }

  stop(): void {
    stopTimer(this.#timer);
  }
}

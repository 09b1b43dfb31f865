import { delay, untilAborted } from '../core/deadline';
import { probeDialog, type ProbeResult } from './dialog-probe';
import type { RawMessage, RawSession } from './jssip';
import type { Negotiation } from './negotiation';

// Long enough for a far end that lost its connection in the same moment to be back, short enough for a call that is
// over to end within 10 s.
const SECOND_LOOK_MS = 4_000;

export interface DialogCheckOptions {
  readonly session: RawSession;
  readonly negotiation: Negotiation;
  /** Resolves when requests can be sent. */
  readonly online: () => Promise<void>;
  readonly isConfirmed: () => boolean;
  /** The far end does not know the dialog: the call is over. */
  readonly onGone: () => void;
  /** Aborts when the call ends. */
  readonly signal: AbortSignal;
}

/** Finds calls that the far end has ended while its BYE could not reach us. */
export class DialogCheck {
  readonly #options: DialogCheckOptions;
  /** The far end takes UPDATE (RFC 3311). */
  #takesUpdate = false;
  #running: Promise<void> | undefined;

  constructor(options: DialogCheckOptions) {
    this.#options = options;
  }

  /** Reads what the far end takes. */
  noteAllow(message: RawMessage): void {
    if (message.hasHeader('allow')) this.#takesUpdate = message.getHeaders('allow').join().includes('UPDATE');
  }

  /** Asks, one question at a time. @param isSilent see `SipSession.verify` */
  verify(isSilent: () => boolean): Promise<void> {
    this.#running ??= this.#verify(isSilent)
      // The session has ended meanwhile.
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #verify(isSilent: () => boolean): Promise<void> {
    const { online, signal, onGone } = this.#options;
    await online();
    const first = await untilAborted(this.#probe(), signal);
    if (first === 'absent' && this.#options.isConfirmed()) {
      await delay(SECOND_LOOK_MS, signal);
      if (!isSilent() || (await untilAborted(this.#probe(), signal)) !== 'absent') return;
    } else if (first !== 'gone') return;
    onGone();
  }

  async #probe(): Promise<ProbeResult> {
    const { session, negotiation, isConfirmed } = this.#options;
    const canUpdate = this.#takesUpdate && isConfirmed();
    if (canUpdate || !isConfirmed() || /;gr\b/.test(session.contact))
      return probeDialog(session, canUpdate ? 'UPDATE' : 'OPTIONS');
    // Without a GRUU the far end's requests find our new connection by the Contact of something that it takes.
    await negotiation.restate().catch(() => undefined);
    return 'unknown';
  }
}

import { delay, untilAborted } from '../core/deadline';
import { type ProbeAnswer, probeDialog, resultOf } from './dialog-probe';
import type { RawMessage, RawSession } from './jssip';
import type { Negotiation } from './negotiation';

// Long enough for a far end that lost its connection in the same moment to be back, short enough for a call that is
// over to end within 10 s.
const LOOK_AGAIN_MS = 4_000;

/**
 * A far end that was heard until just now has lost its network rather than ended the call. For this long its side of
 * the media path stands (RFC 7675 section 5.1: consent expires after 30 s); after that it needs a new one in any case.
 */
const ABSENT_AFTER_HEARD_MS = 30_000;

/** What the media path says of the far end. */
export interface Hearing {
  /** Whether nothing is heard of it now. */
  readonly isSilent: () => boolean;
  /** How long ago it was heard last; infinite when it never was. */
  readonly heardAgoMs: () => number;
}

export interface DialogCheckOptions {
  readonly session: RawSession;
  readonly negotiation: Negotiation;
  /** Resolves when requests can be sent. */
  readonly online: () => Promise<void>;
  readonly isConfirmed: () => boolean;
  /** The far end does not know the dialog, or is gone altogether: the call is over. */
  readonly onGone: (statusCode: number) => void;
  /** The far end itself has answered. */
  readonly onSeen: () => void;
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

  /** Asks, one question at a time. @param hearing see `SipSession.verify` */
  verify(hearing: Hearing): Promise<void> {
    this.#running ??= this.#verify(hearing)
      // The session has ended meanwhile.
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #verify({ isSilent, heardAgoMs }: Hearing): Promise<void> {
    const { online, signal, onGone, onSeen } = this.#options;
    await online();
    let answer = await this.#ask();
    while (answer.result === 'absent') {
      await delay(LOOK_AGAIN_MS, signal);
      if (!isSilent()) return;
      answer = await this.#ask();
      if (answer.result === 'absent' && heardAgoMs() >= ABSENT_AFTER_HEARD_MS) break;
    }
    if (answer.result === 'gone' || answer.result === 'absent') onGone(answer.statusCode);
    // Anything but a 2xx may come from a proxy, or from a phone that does not know the method.
    else if (answer.statusCode >= 200 && answer.statusCode < 300) onSeen();
  }

  #ask(): Promise<ProbeAnswer> {
    return untilAborted(this.#probe(), this.#options.signal);
  }

  async #probe(): Promise<ProbeAnswer> {
    const { session, negotiation, isConfirmed } = this.#options;
    const canUpdate = this.#takesUpdate && isConfirmed();
    if (canUpdate || !isConfirmed() || /;gr\b/.test(session.contact))
      return probeDialog(session, canUpdate ? 'UPDATE' : 'OPTIONS');
    // Without a GRUU the far end's requests find our new connection by the Contact of something that it takes.
    return negotiation.restate().then(() => ({ result: 'alive', statusCode: 200 }), resultOf);
  }
}

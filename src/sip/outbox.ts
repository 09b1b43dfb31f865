import { monotonicMs } from '../core/clock';

// Not from a standard: twice 64*T1 (RFC 3261 section 17.1.1.2), after which no far end waits for an answer any more.
const KEPT_MS = 60_000;
/** Of a BYE: until it comes, the far end talks to nobody and somebody pays for it. */
export const BYE_KEPT_MS = 3_600_000;

export interface OwedMessage {
  readonly send: () => void;
  /** Instead of `send`, when it is too late. */
  readonly drop?: () => void;
  /** Default: a minute. */
  readonly keptMs?: number;
}

/**
 * What the far ends must still be told and no socket took: the BYE, CANCEL or final response of a call that is over
 * on this side. One per user agent, because it outlives the sessions.
 */
export class Outbox {
  /** Call-IDs refused in the current or last outage, with the status: a proxy may offer such a call once more. */
  readonly refusals = new Map<string, number>();
  #messages: (OwedMessage & { readonly untilMs: number })[] = [];
  #isClosed = false;

  /** How many messages wait. */
  get size(): number {
    return this.#messages.length;
  }

  /** Keeps a message. */
  add(message: OwedMessage): void {
    if (this.#isClosed) message.drop?.();
    else this.#messages.push({ ...message, untilMs: monotonicMs() + (message.keptMs ?? KEPT_MS) });
  }

  /** To be called when requests can be sent again. */
  flush(): void {
    for (const { send, drop, untilMs } of this.#takeAll())
      if (monotonicMs() < untilMs) send();
      else drop?.();
  }

  /** Nothing can be sent any more: drops all that waits, and whatever is added from now on. */
  close(): void {
    this.#isClosed = true;
    for (const { drop } of this.#takeAll()) drop?.();
  }

  #takeAll(): readonly (OwedMessage & { readonly untilMs: number })[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}

import { monotonicMs } from '../core/clock';

// Not from a standard: twice 64*T1 (RFC 3261 section 17.1.1.2), after which no far end waits for an answer any more.
const KEPT_MS = 60_000;
/** Of a BYE: until it comes, the far end talks to nobody and somebody pays for it. */
export const BYE_KEPT_MS = 3_600_000;

/**
 * What the far ends must still be told and no socket took: the BYE, CANCEL or final response of a call that is over
 * on this side. One per user agent, because it outlives the sessions.
 */
export class Outbox {
  /** Call-IDs refused in the current or last outage, with the status: a proxy may offer such a call once more. */
  readonly refusals = new Map<string, number>();
  #messages: { readonly send: () => void; readonly untilMs: number }[] = [];

  /** How many messages wait. */
  get size(): number {
    return this.#messages.length;
  }

  /** Keeps a message, for a minute unless said otherwise. */
  add(send: () => void, keptMs = KEPT_MS): void {
    this.#messages.push({ send, untilMs: monotonicMs() + keptMs });
  }

  /** To be called when requests can be sent again. */
  flush(): void {
    const messages = this.#messages;
    this.#messages = [];
    for (const { send, untilMs } of messages) if (monotonicMs() < untilMs) send();
  }
}

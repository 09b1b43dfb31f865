import { monotonicMs } from '../core/clock';

// Not from a standard: twice 64*T1 (RFC 3261 section 17.1.1.2), after which no far end waits for anything any more.
const KEPT_MS = 60_000;

/**
 * What the far ends must still be told and no socket took: the BYE, CANCEL or final response of a call that is over
 * on this side. One per user agent, because it outlives the sessions.
 */
export class Outbox {
  #messages: { readonly send: () => void; readonly atMs: number }[] = [];

  /** Keeps a message for a minute. */
  add(send: () => void): void {
    this.#messages.push({ send, atMs: monotonicMs() });
  }

  /** To be called when registered again. */
  flush(): void {
    const messages = this.#messages;
    this.#messages = [];
    for (const { send, atMs } of messages) if (monotonicMs() - atMs < KEPT_MS) send();
  }
}

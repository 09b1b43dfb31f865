// Shared, so that every tab of every agent on this origin holds it at once.
const LOCK_NAME = '2chat-voice-awake';

/**
 * A Web Lock that is held for its side effect: browsers neither freeze nor discard a page in the background that holds
 * one (Chromium's page lifecycle), and a frozen page cannot ring. Without Web Locks, as on pages that are not secure,
 * it does nothing.
 */
export class WakefulLock {
  #abort: AbortController | undefined;

  acquire(): void {
    const { locks } = (globalThis.navigator as Navigator | undefined) ?? {};
    if (this.#abort || !locks) return;
    const abort = new AbortController();
    const { signal } = abort;
    this.#abort = abort;
    const released = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    // Refused where the origin is opaque (a sandboxed frame), and aborted while it waits.
    locks.request(LOCK_NAME, { mode: 'shared', signal }, () => released).catch(() => undefined);
  }

  release(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }
}

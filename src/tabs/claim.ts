import { startTimer, stopTimer } from '../core/clock';

/**
 * Claims a name among all pages of this origin (W3C Web Locks) and resolves with its release; the page's end releases
 * it too. Undefined when another page holds it for longer than `waitMs`, and where there are no Web Locks.
 */
export async function claim(name: string, waitMs: number): Promise<(() => void) | undefined> {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  if (!locks) return undefined;
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const timer = startTimer(waitMs, () => {
      waiting.abort();
    });
    locks
      .request(name, waitMs > 0 ? { signal: waiting.signal } : { ifAvailable: true }, (lock) => {
        stopTimer(timer);
        return new Promise<void>((release) => {
          resolve(lock ? release : undefined);
          if (!lock) release();
        });
      })
      .catch(() => {
        // Not free in time, or refused as a whole (a sandboxed frame).
        stopTimer(timer);
        resolve(undefined);
      });
  });
}

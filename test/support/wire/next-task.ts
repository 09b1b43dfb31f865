/**
 * When things happen on the fake network. Captured at import, so that fake timers installed later do not reach it.
 */
const realSetTimeout = globalThis.setTimeout;
const realClearTimeout = globalThis.clearTimeout;
const realSetImmediate = globalThis.setImmediate;

// Longer than any promise chain of the code under test between two of its tasks (the longest seen is 9 links), so
// that what a browser does in one task is over before the next one starts.
const MICROTASKS_PER_TASK = 64;

function timersAreFake(): boolean {
  return globalThis.setTimeout !== realSetTimeout || globalThis.setImmediate !== realSetImmediate;
}

async function afterMicrotasks(task: () => void): Promise<void> {
  for (let turn = 0; turn < MICROTASKS_PER_TASK; turn += 1) await Promise.resolve();
  task();
}

/**
 * Runs `task` in a task of its own, as a browser delivers a WebSocket message or settles a WebRTC operation.
 * Under fake timers it runs after a fixed number of microtasks instead: advancing the fake clock by 0 ms is then
 * enough to see it, and no real time races the fake one.
 */
export function runAsTask(task: () => void): void {
  if (timersAreFake()) void afterMicrotasks(task);
  else realSetImmediate(task);
}

/** Resolves in a later task, see `runAsTask`. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    runAsTask(resolve);
  });
}

/** Lets everything that was already set off (and needs no timer) run to its end: for asserting that nothing more happens. */
export async function settle(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise<void>((resolve) => {
      realSetImmediate(resolve);
    });
    await nextTask();
  }
}

/** Calls back after `delayMs` of real time whatever the fake clock does; returns the cancellation. */
export function afterRealTime(delayMs: number, callback: () => void): () => void {
  const timer = realSetTimeout(callback, delayMs);
  return () => {
    realClearTimeout(timer);
  };
}

/** Calls back after `delayMs` on the clock that tests control; 0 needs no timer at all. Returns the cancellation. */
export function afterDelay(delayMs: number, callback: () => void): () => void {
  if (delayMs > 0) {
    const timer = globalThis.setTimeout(callback, delayMs);
    return () => {
      globalThis.clearTimeout(timer);
    };
  }
  let cancelled = false;
  runAsTask(() => {
    if (!cancelled) callback();
  });
  return () => {
    cancelled = true;
  };
}

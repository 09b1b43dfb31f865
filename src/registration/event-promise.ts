/**
 * A promise over events: `attach` listens and returns how to stop, which happens however the promise settles.
 * Rejects with the reason of `signal` when that aborts first.
 */
export async function eventPromise(
  signal: AbortSignal | undefined,
  attach: (resolve: () => void, reject: (error: Error) => void) => () => void,
): Promise<void> {
  let detach: (() => void) | undefined;
  let onAbort: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      onAbort = () => {
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      if (signal?.aborted) onAbort();
      signal?.addEventListener('abort', onAbort);
      detach = attach(resolve, reject);
    });
  } finally {
    if (onAbort) signal?.removeEventListener('abort', onAbort);
    detach?.();
  }
}

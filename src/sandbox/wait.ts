/** Waiting with a deadline: the only way this room waits. */

/**
 * Resolves when `subscribe`'s callback is called, rejects at the deadline; unsubscribes in either case.
 * @param what completes the sentence "no ... within n ms"; a function is asked at the deadline
 */
export async function waitFor<Result>(
  what: string | (() => string),
  timeoutMs: number,
  subscribe: (resolve: (result: Result) => void, reject: (error: Error) => void) => () => void,
): Promise<Result> {
  const { promise, resolve, reject } = deferred<Result>();
  const timer = setTimeout(() => {
    reject(new Error(`no ${typeof what === 'string' ? what : what()} within ${timeoutMs} ms`));
  }, timeoutMs);
  const unsubscribe = subscribe(resolve, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}

interface Deferred<Result> {
  readonly promise: Promise<Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

function deferred<Result>(): Deferred<Result> {
  const handles: { resolve?: (result: Result) => void; reject?: (error: Error) => void } = {};
  const promise = new Promise<Result>((resolve, reject) => {
    handles.resolve = resolve;
    handles.reject = reject;
  });
  return {
    promise,
    resolve: (result) => handles.resolve?.(result),
    reject: (error) => handles.reject?.(error),
  };
}

/** Loads a part once, for all who ask. What could not be loaded is tried again for the next who asks. */
export function loadOnce<T, A extends unknown[]>(
  load: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  let loading: Promise<T> | undefined;
  return (...args) =>
    (loading ??= load(...args).catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
}

/**
 * Web Locks (W3C) as far as the SDK uses them: exclusive locks by name. `page()` is one page: its locks end with it.
 */
export class FakeLocks {
  readonly #held = new Map<string, object>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #pages = new Set<() => void>();

  get heldNames(): string[] {
    return [...this.#held.keys()];
  }

  readonly request = async (
    name: string,
    options: { readonly signal?: AbortSignal; readonly ifAvailable?: boolean },
    run: (lock: object | null) => unknown,
  ): Promise<unknown> => {
    if (options.ifAvailable && this.#held.has(name)) return run(null);
    while (this.#held.has(name)) await this.#turn(name, options.signal);
    options.signal?.throwIfAborted();
    const lock = {};
    this.#held.set(name, lock);
    const release = () => {
      if (this.#held.get(name) !== lock) return;
      this.#held.delete(name);
      for (const wake of this.#waiting.get(name)?.splice(0) ?? []) wake();
    };
    this.#pages.add(release);
    try {
      return await run(lock);
    } finally {
      release();
      this.#pages.delete(release);
    }
  };

  /** The page is gone: all that it held is free. */
  unload(): void {
    for (const release of [...this.#pages]) release();
    this.#pages.clear();
  }

  #turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? [];
      this.#waiting.set(name, waiting);
      waiting.push(resolve);
      signal?.addEventListener('abort', () => {
        waiting.splice(waiting.indexOf(resolve), 1);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }
}

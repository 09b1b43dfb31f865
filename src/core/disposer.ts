/** Collects what must be given back, and gives it back once, last acquired first. */
export class Disposer {
  readonly #releases: (() => void)[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Registers a release; runs it at once when everything was already given back. */
  add(release: () => void): void {
    if (this.#disposed) release();
    else this.#releases.push(release);
  }

  /** Adds a DOM listener that is removed with the rest. */
  listen(target: EventTarget | undefined, type: string, listener: (event: Event) => void): void {
    if (!target) return;
    target.addEventListener(type, listener);
    this.add(() => {
      target.removeEventListener(type, listener);
    });
  }

  /** Releases everything, also behind a release that throws; the first exception is thrown in the end. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const exceptions: unknown[] = [];
    for (const release of this.#releases.splice(0).reverse()) {
      try {
        release();
      } catch (exception) {
        exceptions.push(exception);
      }
    }
    if (exceptions.length > 0) throw exceptions[0];
  }
}

import { startTimer } from './clock';

/**
 * A promise whose failure is never lost and never an unhandled rejection: whoever awaits it (or attaches a
 * handler) gets the rejection, and where nobody does, `surface` gets the error instead.
 */
export class SurfacedPromise<T> extends Promise<T> {
  // Chained promises are ordinary ones: only the first link knows whether anybody listens.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #observed = false;

  static from<T>(source: Promise<T>, surface: (error: unknown) => void): SurfacedPromise<T> {
    const promise = new SurfacedPromise<T>((resolve, reject) => {
      source.then(resolve, reject);
    });
    void Promise.prototype.then.call(promise, undefined, (error: unknown) => {
      // `await` attaches its handler in a microtask after the call returned, so look a turn later.
      startTimer(0, () => {
        if (!promise.#observed) surface(error);
      });
    });
    return promise;
  }

  // `await` calls this too, because the constructor of this promise is not the built-in one.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#observed = true;
    return super.then(onFulfilled, onRejected);
  }
}

import { EventEmitter } from 'eventemitter3';

/** A map from event name to the labelled tuple of what its listeners receive. */
export type EventMap<M> = { [K in keyof M]: readonly unknown[] };

/** The listener of one event of a map. */
export type Listener<M, K extends keyof M> = M[K] extends readonly unknown[]
  ? (...args: M[K]) => void
  : never;

type AnyListener = (...args: unknown[]) => void;

/** What listening to a part looks like from outside: nobody but the part itself can emit. */
export interface Subscribable<M extends EventMap<M>> {
  /** Calls `listener` at each `event` from now on. The same listener added twice is called twice. */
  on<K extends keyof M & string>(event: K, listener: Listener<M, K>): this;
  /** Calls `listener` at the next `event` only. `off()` works on it too. */
  once<K extends keyof M & string>(event: K, listener: Listener<M, K>): this;
  /** Removes `listener` from `event`, however it was added. Unknown listeners are ignored. */
  off<K extends keyof M & string>(event: K, listener: Listener<M, K>): this;
}

/**
 * Typed event emitter. A listener that throws is contained: the other listeners still run, the part that
 * emitted goes on, and the exception is reported the way the DOM reports one (`reportError`, so that
 * `window.onerror` and error trackers see it).
 */
export class TypedEmitter<M extends EventMap<M>> implements Subscribable<M> {
  readonly #emitter = new EventEmitter();
  // One guard per listener, so that off() finds what on() and once() attached.
  readonly #guards = new WeakMap<AnyListener, AnyListener>();

  /** Calls `listener` at each `event` from now on. The same listener added twice is called twice. */
  on<K extends keyof M & string>(event: K, listener: Listener<M, K>): this {
    this.#emitter.on(event, this.#guard(listener));
    this.onListenersChanged();
    return this;
  }

  /** Calls `listener` at the next `event` only. `off()` works on it too. */
  once<K extends keyof M & string>(event: K, listener: Listener<M, K>): this {
    this.#emitter.once(event, this.#guard(listener));
    this.onListenersChanged();
    return this;
  }

  /** Removes `listener` from `event`, however it was added. Unknown listeners are ignored. */
  off<K extends keyof M & string>(event: K, listener: Listener<M, K>): this {
    this.#emitter.off(event, this.#guard(listener));
    this.onListenersChanged();
    return this;
  }

  /** Removes the listeners of one event, or of all events. */
  removeAllListeners(event?: keyof M & string): this {
    this.#emitter.removeAllListeners(event);
    this.onListenersChanged();
    return this;
  }

  /** How many listeners `event` has. */
  listenerCount(event: keyof M & string): number {
    return this.#emitter.listenerCount(event);
  }

  /** Calls the listeners of `event`, in the order in which they were added. */
  protected emit<K extends keyof M & string>(
    event: K,
    ...args: M[K] extends readonly unknown[] ? M[K] : never
  ): void {
    const count = this.listenerCount(event);
    this.#emitter.emit(event, ...args);
    // A listener of once() is gone without a call of off().
    if (this.listenerCount(event) !== count) this.onListenersChanged();
  }

  /**
   * Called after listeners of any event came or went, for what is done only while somebody listens: `listenerCount()`
   * says who is left. Does nothing by itself.
   */
  protected onListenersChanged(): void {
    // For those who override it.
  }

  #guard(listener: unknown): AnyListener {
    const original = listener as AnyListener;
    const known = this.#guards.get(original);
    if (known) return known;
    const guarded: AnyListener = (...args) => {
      try {
        original(...args);
      } catch (error) {
        reportListenerError(error);
      }
    };
    this.#guards.set(original, guarded);
    return guarded;
  }
}

function reportListenerError(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
  // Node has no reportError before an embedder installs one; the error must not vanish there.
  else console.error(error);
}

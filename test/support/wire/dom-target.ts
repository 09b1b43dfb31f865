import { runAsTask } from './next-task';

export type DomListener = ((event: Event) => void) | { handleEvent(event: Event): void };

type UncaughtHandler = (error: unknown) => void;

let onUncaught: UncaughtHandler | undefined;

/**
 * Takes over exceptions that escape from event listeners, which a browser hands to `window.onerror`. Without this
 * they surface as uncaught exceptions and fail the test run.
 */
export function captureUncaught(): { readonly errors: unknown[]; restore(): void } {
  const errors: unknown[] = [];
  const previous = onUncaught;
  onUncaught = (error) => errors.push(error);
  return {
    errors,
    restore() {
      onUncaught = previous;
    },
  };
}

function reportUncaught(error: unknown): void {
  if (onUncaught) {
    onUncaught(error);
    return;
  }
  runAsTask(() => {
    throw error;
  });
}

interface Registration {
  readonly listener: DomListener;
  readonly once: boolean;
}

/**
 * Listeners as the DOM has them: `addEventListener` and the `on...` attribute, and an exception in one listener
 * stops neither the others nor the sender. Counts its listeners, so that tests can see what was left behind.
 */
export class DomTarget {
  readonly #registrations = new Map<string, Registration[]>();

  addEventListener(
    type: string,
    listener: DomListener | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    if (!listener) return;
    const list = this.#registrations.get(type) ?? [];
    if (list.some((registration) => registration.listener === listener)) return;
    const once = typeof options === 'object' && options.once === true;
    this.#registrations.set(type, [...list, { listener, once }]);
    if (typeof options === 'object') {
      options.signal?.addEventListener('abort', () => {
        this.removeEventListener(type, listener);
      });
    }
  }

  removeEventListener(type: string, listener: DomListener | null): void {
    const list = this.#registrations.get(type) ?? [];
    this.#registrations.set(
      type,
      list.filter((registration) => registration.listener !== listener),
    );
  }

  dispatchEvent(event: Event): boolean {
    const attribute: unknown = Reflect.get(this, `on${event.type}`);
    // The DOM sets `target` itself; an Event made by hand has none.
    Object.defineProperty(event, 'target', { value: this, configurable: true });
    if (typeof attribute === 'function') this.#call(attribute as (event: Event) => void, event);
    for (const { listener, once } of this.#registrations.get(event.type) ?? []) {
      if (once) this.removeEventListener(event.type, listener);
      this.#call(listener, event);
    }
    return true;
  }

  /** How many listeners are attached with `addEventListener`, of one type or of all. */
  listenerCount(type?: string): number {
    if (type !== undefined) return this.#registrations.get(type)?.length ?? 0;
    return [...this.#registrations.values()].reduce((sum, list) => sum + list.length, 0);
  }

  #call(listener: DomListener, event: Event): void {
    try {
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
    } catch (error) {
      reportUncaught(error);
    }
  }
}

/** An event with the extra members that its DOM class would have. */
export function domEvent<T extends object>(type: string, members?: T): Event & T {
  return Object.assign(new Event(type), members ?? ({} as T));
}

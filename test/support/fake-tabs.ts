import { AsyncLocalStorage } from 'node:async_hooks';
import { runAsTask } from './wire/next-task';

interface Waiting {
  readonly tab: string;
  readonly run: () => void;
  readonly fail: (reason: unknown) => void;
}

interface Entry {
  readonly tab: string;
  readonly name: string;
  readonly receive: (data: unknown) => void;
}

interface Lock {
  holder: Waiting | undefined;
  readonly queue: Waiting[];
}

function abortError(): DOMException {
  return new DOMException('The request was aborted.', 'AbortError');
}

/**
 * What a browser puts between the tabs of one origin, in memory: `BroadcastChannel` and Web Locks. Several Devices of
 * one test are several tabs; `in()` says which one the code that runs belongs to.
 */
export class FakeTabs {
  readonly #context = new AsyncLocalStorage<string>();
  readonly #channels = new Set<Entry>();
  readonly #locks = new Map<string, Lock>();
  readonly #dead = new Set<string>();
  readonly #frozen = new Map<string, (() => void)[]>();
  readonly #muted = new Map<string, (message: unknown) => boolean>();
  /** Everything that was posted, in order. */
  readonly posted: unknown[] = [];

  /** Takes the place of the browser's, on the `navigator` that there is; returns what undoes it. */
  install(): () => void {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'BroadcastChannel');
    Object.defineProperty(globalThis, 'BroadcastChannel', {
      value: this.#channelClass(),
      configurable: true,
      writable: true,
    });
    const { navigator } = globalThis;
    Object.assign(navigator, { locks: this.#lockManager() });
    return () => {
      if (before) Object.defineProperty(globalThis, 'BroadcastChannel', before);
      else Reflect.deleteProperty(globalThis, 'BroadcastChannel');
      Reflect.deleteProperty(navigator, 'locks');
    };
  }

  /** Runs something as the code of a tab. */
  in<R>(tab: string, run: () => R): R {
    return this.#context.run(tab, run);
  }

  /** The tab crashes: nothing that it still says arrives, and the browser takes its locks. */
  kill(tab: string): void {
    this.#dead.add(tab);
    for (const lock of this.#locks.values()) {
      for (const waiting of lock.queue.filter((one) => one.tab === tab))
        lock.queue.splice(lock.queue.indexOf(waiting), 1);
      if (lock.holder?.tab === tab) this.#next(lock);
    }
  }

  /**
   * The tab hangs without being gone: what is said to it waits, and what its timers and sockets make it say (they
   * cannot be stopped for one tab of a test) comes when it is thawed.
   */
  freeze(tab: string): void {
    this.#frozen.set(tab, []);
  }

  /** What a tab says from now on is lost, where it is `lost`. */
  mute(tab: string, lost: (message: { readonly kind: string; readonly to?: string }) => boolean): void {
    this.#muted.set(tab, lost as (message: unknown) => boolean);
  }

  thaw(tab: string): void {
    const waiting = this.#frozen.get(tab) ?? [];
    this.#frozen.delete(tab);
    for (const deliver of waiting) deliver();
  }

  /** Somebody else on the origin takes the lock by force. */
  steal(): void {
    const lock = this.#election;
    const holder = lock?.holder;
    if (lock) lock.holder = undefined;
    holder?.fail(abortError());
  }

  /** The tab whose code runs. */
  get current(): string {
    return this.#tab();
  }

  /** Which tab holds the lock of the election. */
  get leader(): string | undefined {
    return this.#election?.holder?.tab;
  }

  /** What is still open or held: channels, and locks held or waited for. */
  get left(): number {
    const locks = [...this.#locks.values()];
    return (
      this.#channels.size + locks.reduce((sum, { holder, queue }) => sum + queue.length + (holder ? 1 : 0), 0)
    );
  }

  /** The lock that goes with a channel; there are others. */
  get #election(): Lock | undefined {
    return [...this.#locks].find(([name]) =>
      [...this.#channels].some((channel) => channel.name === name),
    )?.[1];
  }

  #tab(): string {
    return this.#context.getStore() ?? 'nobody';
  }

  #channelClass(): unknown {
    const channels = this.#channels;
    const tabOf = () => this.#tab();
    const inTab = this.in.bind(this);
    const post = this.#post.bind(this);
    return class FakeBroadcastChannel {
      onmessage: ((event: { data: unknown }) => void) | null = null;
      readonly #entry: Entry;

      constructor(readonly name: string) {
        const tab = tabOf();
        this.#entry = {
          tab,
          name,
          receive: (data: unknown) => {
            inTab(tab, () => this.onmessage?.({ data }));
          },
        };
        channels.add(this.#entry);
      }

      postMessage(data: unknown): void {
        post(this.#entry, data);
      }

      close(): void {
        channels.delete(this.#entry);
      }
    };
  }

  #post(from: Entry, data: unknown): void {
    if (!this.#channels.has(from)) throw new DOMException('closed', 'InvalidStateError');
    const sent: unknown = structuredClone(data);
    if (this.#dead.has(from.tab) || this.#muted.get(from.tab)?.(sent) === true) return;
    const send = () => {
      if (this.#dead.has(from.tab)) return;
      this.posted.push(sent);
      for (const other of this.#channels) {
        if (other === from || other.name !== from.name) continue;
        runAsTask(() => {
          this.#deliver(other, structuredClone(sent));
        });
      }
    };
    const frozen = this.#frozen.get(from.tab);
    if (frozen) frozen.push(send);
    else send();
  }

  #deliver(to: Entry, data: unknown): void {
    const deliver = () => {
      if (this.#channels.has(to) && !this.#dead.has(to.tab)) to.receive(data);
    };
    const frozen = this.#frozen.get(to.tab);
    if (frozen) frozen.push(deliver);
    else deliver();
  }

  #lockManager(): unknown {
    return {
      // Shared locks are exclusive here: nothing waits for one.
      request: (
        name: string,
        { signal }: { signal?: AbortSignal },
        hold: (lock: object) => Promise<unknown>,
      ) =>
        new Promise<unknown>((resolve, reject) => {
          const tab = this.#tab();
          const lock = this.#locks.get(name) ?? { holder: undefined, queue: [] };
          this.#locks.set(name, lock);
          const waiting: Waiting = {
            tab,
            fail: reject,
            run: () => {
              lock.holder = waiting;
              runAsTask(() => {
                const held = this.in(tab, () => hold({ name }));
                void Promise.resolve(held).then((value) => {
                  if (lock.holder === waiting) this.#next(lock);
                  resolve(value);
                });
              });
            },
          };
          lock.queue.push(waiting);
          signal?.addEventListener('abort', () => {
            const at = lock.queue.indexOf(waiting);
            if (at < 0) return;
            lock.queue.splice(at, 1);
            reject(abortError());
          });
          if (!lock.holder) this.#next(lock);
        }),
      query: () =>
        Promise.resolve({
          pending: [...this.#locks].flatMap(([name, { queue }]) => queue.map(() => ({ name }))),
        }),
    };
  }

  #next(lock: Lock): void {
    lock.holder = undefined;
    lock.queue.shift()?.run();
  }
}

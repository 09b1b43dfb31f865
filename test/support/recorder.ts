import { afterRealTime } from './wire/next-task';

const DEADLINE_MS = 3_000;

interface Recorded {
  readonly event: string;
  readonly args: readonly unknown[];
}

interface Source {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

const EVENTS = [
  ...['registered', 'unregistered', 'incoming', 'tokenWillExpire', 'reconnecting', 'reconnected', 'error'],
  ...['ringing', 'accepted', 'disconnect', 'mute', 'inputMuted', 'hold', 'remoteHold'],
  ...['audioBlocked', 'audioUnblocked', 'leadership', 'callShared', 'recovered', 'callLost'],
  ...['devicesChanged', 'deviceLost', 'deviceRecovered', 'permissionChanged'],
];

/** Remembers every event of a Device or a Call in order. */
export class Recorder {
  readonly all: Recorded[] = [];
  #consumed = 0;
  readonly #waiting = new Set<() => void>();

  constructor(source: unknown) {
    for (const event of EVENTS) {
      (source as Source).on(event, (...args) => {
        this.all.push({ event, args });
        for (const check of [...this.#waiting]) check();
      });
    }
  }

  get names(): string[] {
    return this.all.map(({ event }) => event);
  }

  /** The arguments of each occurrence of an event. */
  of(event: string): (readonly unknown[])[] {
    return this.all.filter((recorded) => recorded.event === event).map(({ args }) => args);
  }

  /** The next occurrence after those that earlier waits returned, skipping other events. */
  next(event: string): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      const cancel = afterRealTime(DEADLINE_MS, () => {
        this.#waiting.delete(check);
        reject(
          new Error(`No ${event} within ${DEADLINE_MS} ms; seen: ${this.names.join(', ') || 'nothing'}`),
        );
      });
      const check = () => {
        const index = this.all.findIndex((recorded, at) => at >= this.#consumed && recorded.event === event);
        const found = this.all[index];
        if (!found) return;
        this.#consumed = index + 1;
        this.#waiting.delete(check);
        cancel();
        resolve(found.args);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

export function recordEvents(source: unknown): Recorder {
  return new Recorder(source);
}

/** The code that a promise rejects with; fails when it resolves. */
export async function codeOf(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code ?? `no code: ${String(error)}`;
  }
  throw new Error('It resolved');
}

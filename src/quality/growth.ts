import type { Counters, Stream } from './reading';

/** How far the counters of a stream have come since the last look; absent where one is not kept. */
export type Growth = Counters;

/** What falls when a packet arrives that was taken for lost (RFC 3550 section 6.4.1); nothing else ever does. */
const SIGNED = 'packetsLost';

/**
 * What streams have gained between two looks. A stream that was not there before, or whose count of packets fell (another
 * peer connection, a renegotiated stream), has begun at zero since. Only the loss can be negative.
 */
export function growthOf(last: readonly Stream[], now: readonly Stream[], progress: string): Growth[] {
  return now.map(({ id, counters }) => {
    const former = last.find((stream) => stream.id === id)?.counters;
    const base = hasRestarted(former, counters, progress) ? undefined : former;
    const growth: Growth = {};
    for (const name in counters) {
      const gain = (counters[name] ?? 0) - (base?.[name] ?? 0);
      growth[name] = name === SIGNED ? gain : Math.max(0, gain);
    }
    return growth;
  });
}

/** All streams together. */
export function sumOf(growths: readonly Growth[], name: string): number {
  return growths.reduce((sum, growth) => sum + (growth[name] ?? 0), 0);
}

/** The browser's own counters over a whole call, over all of its streams and connections. */
export class StreamTotals {
  readonly #progress: string;
  readonly #streams = new Map<string, Counters>();
  /** Of streams that are over. */
  readonly #former: Counters = {};

  /** @param progress the counter that only falls when all of a stream begin anew */
  constructor(progress: string) {
    this.#progress = progress;
  }

  note(streams: readonly Stream[]): void {
    for (const { id, counters } of streams) {
      const former = this.#streams.get(id);
      if (former && hasRestarted(former, counters, this.#progress)) this.#close(former);
      this.#streams.set(id, counters);
    }
  }

  /** What comes from now on is another connection's, whatever it is called. */
  close(): void {
    for (const counters of this.#streams.values()) this.#close(counters);
    this.#streams.clear();
  }

  of(name: string): number {
    return sumOf([this.#former, ...this.#streams.values()], name);
  }

  #close(counters: Counters): void {
    for (const [name, count] of Object.entries(counters))
      this.#former[name] = (this.#former[name] ?? 0) + (count ?? 0);
  }
}

function hasRestarted(former: Counters | undefined, now: Counters, progress: string): boolean {
  return (former?.[progress] ?? 0) > (now[progress] ?? 0);
}

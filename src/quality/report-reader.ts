/** Reads one report after another of the same connection. */
import { type PathFacts, read, type Reading } from './reading';

interface Stats {
  readonly id: string;
  readonly type: string;
  readonly codecId?: unknown;
  readonly selectedCandidatePairId?: unknown;
  readonly selected?: unknown;
  readonly nominated?: unknown;
  readonly localCandidateId?: unknown;
  readonly remoteCandidateId?: unknown;
}

/** These count from look to look. What the others say changes with the way and with the description only. */
const COUNTING: readonly string[] = [
  'inbound-rtp',
  'outbound-rtp',
  'remote-inbound-rtp',
  'media-source',
  'transport',
];
/** Where one of these changes, so has something else: the codec, or the way that the audio takes. */
const SIGNS: Partial<Record<string, readonly (keyof Stats)[]>> = {
  'inbound-rtp': ['codecId'],
  transport: ['selectedCandidatePairId'],
  'candidate-pair': ['selected', 'nominated', 'localCandidateId', 'remoteCandidateId'],
};
/** What no sign tells of, a candidate that takes the place of another one, say, is seen after this many looks. */
const LOOKS_FROM_WHOLE = 30;

/**
 * Browsers make an object of each entry that is read, which costs more than all that is done with it, and two thirds of
 * the entries are about candidates. So only what counts is read each time, and all of it where something shows
 * that the rest has changed too.
 */
export class ReportReader {
  /** Those that count, as they were when all was read, in the order of the report. */
  #counting: Stats[] = [];
  #size = 0;
  #path: PathFacts | undefined;
  #looksLeft = 0;

  read(report: RTCStatsReport): Reading {
    const counting = this.#looksLeft > 0 ? this.#readCounting(report) : undefined;
    if (!counting) return this.#readWhole(report);
    this.#looksLeft -= 1;
    return read(counting, this.#path);
  }

  #readWhole(report: RTCStatsReport): Reading {
    const entries: Stats[] = [];
    let selected: unknown;
    report.forEach((stats: Stats) => {
      entries.push(stats);
      selected ??= stats.selectedCandidatePairId;
    });
    // By the transport's word; where the browser has none, the pairs themselves say which one is selected.
    const isTold = entries.some(({ id }) => id === selected);
    this.#counting = entries.filter(({ id, type }) =>
      type === 'candidate-pair' ? !isTold || id === selected : COUNTING.includes(type),
    );
    this.#size = entries.length;
    const isHeard = entries.some(({ type }) => type === 'inbound-rtp');
    // A stream may begin in the second in which something else goes, and must not be missed.
    this.#looksLeft = isHeard ? LOOKS_FROM_WHOLE - 1 : 0;
    const reading = read(entries);
    this.#path = reading.path;
    return reading;
  }

  /** Nothing where the rest cannot be as it was. */
  #readCounting(report: RTCStatsReport): Stats[] | undefined {
    if (report.size !== this.#size) return undefined;
    const counting: Stats[] = [];
    for (const before of this.#counting) {
      const stats = report.get(before.id) as Stats | undefined;
      if (!stats) return undefined;
      for (const sign of SIGNS[before.type] ?? []) if (stats[sign] !== before[sign]) return undefined;
      counting.push(stats);
    }
    return counting;
  }
}

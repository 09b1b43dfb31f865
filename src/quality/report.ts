import type { Measurement, PacketTotals } from './measure';
import { gradeOf } from './grade';
import type { UsedCodec, CandidatePair, QualityGrade, QualitySample } from './sample';
import type { QualityWarning, QualityWarningName } from './warnings';

/** One figure over a call. */
export interface FigureSummary {
  /** The lowest sample. */
  readonly min: number;
  /** Mean of all samples in which the figure was known. */
  readonly average: number;
  /** The highest sample. */
  readonly max: number;
}

/** How a whole call sounded. A figure that was never known is null. Fields as in {@link QualitySample}. */
export interface QualitySummary {
  /** How many samples there are, one a second. */
  readonly samples: number;
  /** Of the mean score. */
  readonly grade: QualityGrade | null;
  /**
   * Mean opinion score, 1 to 4.5. A second without audio (see `secondsWithoutAudio`) counts as 1: one gap that does not
   * end is loss of 100 % in an endless burst, for which ITU-T G.107 has a rating R under 0 (equation 7-29) and so a score of
   * 1 (Annex B). Other seconds without a score do not count.
   */
  readonly mos: FigureSummary | null;
  /**
   * How many seconds nothing came though the far end ought to have sent, whatever the reason: outages, one-way audio, a far
   * end that fell silent without comfort noise (RFC 3389). Not those in which either side held the call, nor the first 4
   * after the answer, in which the audio sets out.
   */
  readonly secondsWithoutAudio: number;
  /** Round trip time, in milliseconds. */
  readonly rttMs: FigureSummary | null;
  /** Interarrival jitter, in milliseconds. */
  readonly jitterMs: FigureSummary | null;
  /** How long what arrived waited in the jitter buffer, in milliseconds: a delay that the score counts. */
  readonly jitterBufferMs: FigureSummary | null;
  /**
   * Share of packets that did not arrive, 0 to 1. `average` is that of the whole call: `packetsLost` of `packetsReceived`
   * and `packetsLost`. It can be above `max`, since what an outage lost belongs to no second.
   */
  readonly lossRatio: FigureSummary | null;
  /** Share of what was played that the browser had to make up, 0 to 1. */
  readonly concealmentRatio: FigureSummary | null;
  /** What arrived, in bits a second. */
  readonly inboundBitsPerSecond: FigureSummary | null;
  /** What was sent, in bits a second. */
  readonly outboundBitsPerSecond: FigureSummary | null;
  /** Level of the microphone, in dBFS. */
  readonly inputLevelDbfs: FigureSummary | null;
  /** Level of what was heard, in dBFS. */
  readonly outputLevelDbfs: FigureSummary | null;
  /** Packets that arrived, over the call, by the browser's own counters (W3C WebRTC statistics). */
  readonly packetsReceived: number;
  /** Packets that did not, over the call, by the browser's own counters; those that came late or out of order did. */
  readonly packetsLost: number;
  /** Packets that were sent, over the call. */
  readonly packetsSent: number;
  /** Warnings that were raised at any time, each once. */
  readonly warnings: readonly QualityWarningName[];
}

/** A warning of a call, from when to when. */
export interface RaisedWarning extends QualityWarning {
  /** ISO 8601, UTC. */
  readonly raisedAt: string;
  /** ISO 8601, UTC; absent while it stands. */
  readonly clearedAt?: string;
}

/** A way that the audio took. */
export interface UsedCandidatePair extends CandidatePair {
  /** From when on; ISO 8601, UTC. */
  readonly since: string;
}

/** The score over a call of any length in at most 256 values: each is the mean of `intervalSamples` samples. */
export interface MosHistory {
  /** When the first sample was taken; ISO 8601, UTC. */
  readonly startedAt: string;
  /** How many samples, one a second, each value stands for: 1, doubled whenever the list is full. */
  readonly intervalSamples: number;
  /** Scores, 1 to 4.5, to two digits, 1 for a second without audio; null where none was known. */
  readonly values: readonly (number | null)[];
}

/** A sample as plain data. */
export interface ReportedSample extends Omit<QualitySample, 'at'> {
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What the samples of a call come to, as plain data of bounded size. */
export interface QualityReport {
  /** What the audio was coded with last. */
  readonly codec: UsedCodec | null;
  /** Every figure in short; null before the first sample. */
  readonly quality: QualitySummary | null;
  /** The score over the call; null before the first sample. */
  readonly mosHistory: MosHistory | null;
  /** The last 60 samples, oldest first. */
  readonly lastSamples: readonly ReportedSample[];
  /** The last 100 warnings, oldest first. */
  readonly warnings: readonly RaisedWarning[];
  /** The last 20 ways that the audio took, oldest first. */
  readonly candidatePairs: readonly UsedCandidatePair[];
}

const FIGURES = [
  ...(['mos', 'rttMs', 'jitterMs', 'jitterBufferMs', 'lossRatio', 'concealmentRatio'] as const),
  ...(['inboundBitsPerSecond', 'outboundBitsPerSecond', 'inputLevelDbfs', 'outputLevelDbfs'] as const),
];
type Figure = (typeof FIGURES)[number];

/** The score of a second without audio: see {@link QualitySummary}. */
const NOTHING_HEARD_MOS = 1;
/** What ICE and DTLS may take after the answer; `noPacketsReceived` is raised after as many. */
const SETTING_OUT_S = 4;

const MOST_HISTORY = 256;
const MOST_SAMPLES = 60;
const MOST_WARNINGS = 100;
const MOST_PAIRS = 20;

interface Tally {
  min: number;
  max: number;
  sum: number;
  count: number;
}

/** Keeps what a report needs, in memory that does not grow with the call. */
export class QualityRecord {
  readonly #tallies = new Map<Figure, Tally>();
  readonly #last: { readonly sample: QualitySample; readonly atMs: number }[] = [];
  readonly #warnings: RaisedWarning[] = [];
  readonly #raised = new Set<QualityWarningName>();
  readonly #pairs: UsedCandidatePair[] = [];
  #history: (number | null)[] = [];
  #interval = 1;
  #pending: (number | null)[] = [];
  #startedAtMs: number | undefined;
  #samples = 0;
  #packets: PacketTotals = { received: 0, lost: 0, sent: 0 };
  #secondsWithoutAudio = 0;
  #secondsBeforeAudio = 0;
  #hasBegun = false;
  #codec: UsedCodec | null = null;

  add(measured: Measurement): void {
    const { sample } = measured;
    // A date can be changed by whoever gets the sample.
    const atMs = sample.at.getTime();
    this.#startedAtMs ??= atMs;
    this.#samples += 1;
    this.#packets = measured.totals;
    const isOwed = this.#isAudioOwed(measured);
    if (isOwed) this.#secondsWithoutAudio += measured.seconds;
    const mos = isOwed ? NOTHING_HEARD_MOS : sample.mos;
    for (const figure of FIGURES) this.#tally(figure, figure === 'mos' ? mos : sample[figure]);
    keep(this.#last, { sample, atMs }, MOST_SAMPLES);
    this.#remember(mos);
    this.#codec = sample.codec ?? this.#codec;
    const pair = sample.candidatePair;
    if (pair && !isSame(pair, this.#pairs.at(-1)))
      keep(this.#pairs, { ...pair, since: isoOf(atMs) }, MOST_PAIRS);
  }

  raise(warning: QualityWarning, at: Date): void {
    this.#raised.add(warning.name);
    keep(this.#warnings, { ...warning, raisedAt: at.toISOString() }, MOST_WARNINGS);
  }

  clear(name: QualityWarningName, at: Date): void {
    const index = this.#warnings.map((one) => one.name).lastIndexOf(name);
    const warning = this.#warnings[index];
    if (warning) this.#warnings[index] = { ...warning, clearedAt: at.toISOString() };
  }

  get summary(): QualitySummary | null {
    if (this.#samples === 0) return null;
    const figures = Object.fromEntries(FIGURES.map((figure) => [figure, this.#figure(figure)]));
    const { mos, lossRatio } = figures as Record<Figure, FigureSummary | null>;
    const { received } = this.#packets;
    // Packets that came twice can make it negative.
    const lost = Math.max(0, this.#packets.lost);
    const average = rounded(lost / Math.max(1, received + lost));
    return Object.freeze({
      samples: this.#samples,
      grade: mos ? gradeOf(mos.average) : null,
      ...(figures as Record<Figure, FigureSummary | null>),
      lossRatio: lossRatio && Object.freeze({ ...lossRatio, average }),
      secondsWithoutAudio: Math.round(this.#secondsWithoutAudio),
      packetsReceived: received,
      packetsLost: lost,
      packetsSent: this.#packets.sent,
      warnings: Object.freeze([...this.#raised]),
    });
  }

  get report(): QualityReport {
    return {
      codec: this.#codec,
      quality: this.summary,
      mosHistory:
        this.#startedAtMs === undefined
          ? null
          : {
              startedAt: isoOf(this.#startedAtMs),
              intervalSamples: this.#interval,
              values: [...this.#history],
            },
      lastSamples: this.#last.map(({ sample, atMs }) => ({ ...sample, at: isoOf(atMs) })),
      warnings: [...this.#warnings],
      candidatePairs: [...this.#pairs],
    };
  }

  /** Whether this is a second without audio. */
  #isAudioOwed({ isWithoutAudio, packetsReceived, seconds }: Measurement): boolean {
    this.#hasBegun ||= packetsReceived > 0;
    if (!isWithoutAudio) return false;
    if (this.#hasBegun) return true;
    this.#secondsBeforeAudio += seconds;
    return Math.round(this.#secondsBeforeAudio) > SETTING_OUT_S;
  }

  #tally(figure: Figure, value: number | null): void {
    if (value === null) return;
    const tally = this.#tallies.get(figure) ?? { min: value, max: value, sum: 0, count: 0 };
    tally.min = Math.min(tally.min, value);
    tally.max = Math.max(tally.max, value);
    tally.sum += value;
    tally.count += 1;
    this.#tallies.set(figure, tally);
  }

  #figure(figure: Figure): FigureSummary | null {
    const tally = this.#tallies.get(figure);
    if (!tally) return null;
    const { min, max, sum, count } = tally;
    return Object.freeze({ min: rounded(min), average: rounded(sum / count), max: rounded(max) });
  }

  #remember(mos: number | null): void {
    this.#pending.push(mos);
    if (this.#pending.length < this.#interval) return;
    this.#history.push(meanOf(this.#pending));
    this.#pending = [];
    if (this.#history.length < MOST_HISTORY) return;
    const halved: (number | null)[] = [];
    for (let index = 0; index < this.#history.length; index += 2)
      halved.push(meanOf(this.#history.slice(index, index + 2)));
    this.#history = halved;
    this.#interval *= 2;
  }
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return Math.round((100 * known.reduce((sum, value) => sum + value, 0)) / known.length) / 100;
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Four digits after the point: more is noise, and makes reports long. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}

function isSame(pair: CandidatePair, former: CandidatePair | undefined): boolean {
  return (['localType', 'remoteType', 'protocol', 'relayProtocol', 'networkType'] as const).every(
    (key) => pair[key] === former?.[key],
  );
}

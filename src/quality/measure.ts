import { impairmentOf } from './codec-impairment';
import { mosOfRating, ratingOf } from './e-model';
import { gradeOf } from './grade';
import { type Growth, growthOf, StreamTotals, sumOf } from './growth';
import { LossLedger } from './loss-ledger';
import type { Reading } from './reading';
import type { QualitySample } from './sample';

/** One look, and when. */
export interface Look {
  readonly atMs: number;
  /** On a clock that never jumps. */
  readonly monotonicMs: number;
  readonly reading: Reading;
}

/** A sample with the counts behind it. */
export interface Measurement {
  readonly sample: QualitySample;
  /** From the look before to this one. */
  readonly seconds: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsSent: number;
  /** Share of packets that were not heard: lost, or too late for the jitter buffer. Null while nothing is judged. */
  readonly unheardRatio: number | null;
  /** The far end ought to send, and there was neither a packet nor the noise that a far end has played in its pauses. */
  readonly isWithoutAudio: boolean;
  readonly localTypes: ReadonlySet<string>;
  readonly hasPublicAddress: boolean;
  /** The browser's own counters, over the whole call. */
  readonly totals: PacketTotals;
}

export interface PacketTotals {
  readonly received: number;
  readonly lost: number;
  readonly sent: number;
}

/** Loss over some seconds. */
interface Loss {
  /** In time to be played. */
  readonly arrived: number;
  readonly lost: number;
  /** How often the browser made something up, and how long in all. */
  readonly gaps: number;
  readonly gapsMs: number;
}

const RECENT_SAMPLES = 5;
/** Without figures of the jitter buffer: it holds about two jitters. */
const BUFFERED_JITTERS = 2;
/** What one lost packet leaves open. */
const FRAME_MS = 20;
/** G.107 has no bursts beyond this; what the browser conceals for other reasons must not look like one. */
const MOST_BURSTY = 2;
const FEWEST_LOST_FOR_BURSTS = 3;
/** More of it made up than this, and what was played was no comfort noise. */
const MOST_CONCEALED_NOISE = 0.5;
/** Under one step of 16 bits (-90 dBFS) there is nothing. */
const SILENCE_DBFS = -100;

/** Makes samples of looks, each from the difference to the one before. */
export class Measure {
  readonly #inbound = new StreamTotals('packetsReceived');
  readonly #outbound = new StreamTotals('packetsSent');
  #last: Look | undefined;
  #recent: Loss[] = [];
  #lost = new LossLedger();
  #unheard = new LossLedger();

  /** What went before is not to be judged any more: an outage is over. */
  restart(): void {
    this.#last = undefined;
    this.#recent = [];
    this.#lost = new LossLedger();
    this.#unheard = new LossLedger();
  }

  /** Another connection: its counts have nothing to do with the former ones. */
  reconnect(): void {
    this.restart();
    this.#inbound.close();
    this.#outbound.close();
  }

  /** @param expectsAudio whether the far end ought to send now; without that nothing is judged */
  next(look: Look, expectsAudio: boolean): Measurement | undefined {
    const last = this.#last;
    this.#last = look;
    const { reading } = look;
    this.#inbound.note(reading.inbound);
    this.#outbound.note(reading.outbound);
    if (!last) return undefined;
    const inbound = growthOf(last.reading.inbound, reading.inbound, 'packetsReceived');
    const outbound = growthOf(last.reading.outbound, reading.outbound, 'packetsSent');
    const packetsReceived = sumOf(inbound, 'packetsReceived');
    const packetsLate = sumOf(inbound, 'packetsDiscarded');
    const packetsLost = this.#lost.add(sumOf(inbound, 'packetsLost'));
    const packetsUnheard = this.#unheard.add(sumOf(inbound, 'packetsLost') + packetsLate);
    // The one that is heard: after a renegotiation the former stream may still be listed.
    const heardAt = busiest(inbound);
    const heard = inbound[heardAt] ?? {};
    const stream = reading.inbound[heardAt];
    const isArriving = packetsReceived > 0;
    const seconds = (look.monotonicMs - last.monotonicMs) / 1000;
    const bitsPerSecond = (bytes: number) => (seconds > 0 ? (bytes * 8) / seconds : null);

    if (expectsAudio && isArriving)
      this.#note({
        // What came too late was received all the same (W3C WebRTC statistics, packetsDiscarded).
        arrived: Math.max(0, packetsReceived - packetsLate),
        lost: packetsUnheard,
        gaps: heard['concealmentEvents'] ?? 0,
        gapsMs: gapsOf(heard),
      });
    else this.#recent = [];
    const rttMs = reading.rttS === undefined ? null : reading.rttS * 1000;
    const jitterMs = isArriving && stream?.jitterS !== undefined ? stream.jitterS * 1000 : null;
    const jitterBufferMs = ratio(heard['jitterBufferDelay'], heard['jitterBufferEmittedCount'], 1000);
    const burstRatio = this.#burstRatio();
    const codec =
      reading.path.codecs.get((stream ?? reading.inbound[0] ?? reading.outbound[0])?.codecId) ?? null;
    const bufferMs = jitterBufferMs ?? (jitterMs === null ? null : BUFFERED_JITTERS * jitterMs);
    const mos = this.#mos({ codec, rttMs, bufferMs, burstRatio });
    const source = growthOf(
      last.reading.source ? [last.reading.source] : [],
      reading.source ? [reading.source] : [],
      'totalSamplesDuration',
    )[0];
    return {
      seconds,
      packetsReceived,
      packetsLost,
      packetsSent: sumOf(outbound, 'packetsSent'),
      unheardRatio: this.#unheardRatio,
      isWithoutAudio: expectsAudio && !isArriving && !isComfortNoise(inbound),
      localTypes: reading.path.localTypes,
      hasPublicAddress: reading.path.hasPublicAddress,
      totals: {
        received: this.#inbound.of('packetsReceived'),
        lost: this.#inbound.of('packetsLost'),
        sent: this.#outbound.of('packetsSent'),
      },
      sample: Object.freeze({
        at: new Date(look.atMs),
        mos,
        grade: mos === null ? null : gradeOf(mos),
        rttMs,
        jitterMs,
        lossRatio: isArriving ? packetsLost / (packetsReceived + packetsLost) : null,
        burstRatio,
        concealmentRatio: isArriving ? ratio(concealedOf(heard), heard['totalSamplesReceived'], 1) : null,
        jitterBufferMs,
        inboundBitsPerSecond: bitsPerSecond(sumOf(inbound, 'bytesReceived')),
        outboundBitsPerSecond: bitsPerSecond(sumOf(outbound, 'bytesSent')),
        inputLevelDbfs: levelOf(source),
        outputLevelDbfs: isArriving ? levelOf(heard) : null,
        codec,
        candidatePair: reading.path.candidatePair,
      }),
    };
  }

  #note(loss: Loss): void {
    this.#recent.push(loss);
    if (this.#recent.length > RECENT_SAMPLES) this.#recent.shift();
  }

  get #unheardRatio(): number | null {
    const loss = this.#recent.at(-1);
    return loss && loss.arrived + loss.lost > 0 ? loss.lost / (loss.arrived + loss.lost) : null;
  }

  /**
   * Mean length of a burst beside the one that random loss of that ratio has (G.107 clause 3, BurstR). By what was made up
   * and not by what was lost: the in-band redundancy of Opus fills single gaps.
   */
  #burstRatio(): number | null {
    const { arrived, lost, gaps, gapsMs } = this.#sum();
    if (gaps === 0 || lost < FEWEST_LOST_FOR_BURSTS) return null;
    const packets = gapsMs / FRAME_MS / gaps;
    return Math.min(MOST_BURSTY, Math.max(1, packets * (arrived / (arrived + lost))));
  }

  #mos(of: {
    readonly codec: QualitySample['codec'];
    readonly rttMs: number | null;
    readonly bufferMs: number | null;
    readonly burstRatio: number | null;
  }): number | null {
    const { rttMs, bufferMs } = of;
    const lossRatio = this.#unheardRatio;
    const codec = of.codec ? impairmentOf(of.codec) : undefined;
    if (lossRatio === null || !codec || rttMs === null || bufferMs === null) return null;
    return mosOfRating(
      ratingOf({
        delayMs: rttMs / 2 + bufferMs + codec.codingDelayMs,
        lossRatio,
        burstRatio: of.burstRatio ?? 1,
        codec,
      }),
    );
  }

  #sum(): Loss {
    const sum = { arrived: 0, lost: 0, gaps: 0, gapsMs: 0 };
    for (const { arrived, lost, gaps, gapsMs } of this.#recent) {
      sum.arrived += arrived;
      sum.lost += lost;
      sum.gaps += gaps;
      sum.gapsMs += gapsMs;
    }
    return sum;
  }
}

function busiest(streams: readonly Growth[]): number {
  let best = 0;
  streams.forEach((growth, index) => {
    if ((growth['packetsReceived'] ?? 0) > (streams[best]?.['packetsReceived'] ?? 0)) best = index;
  });
  return best;
}

function concealedOf(growth: Growth): number {
  return Math.max(0, (growth['concealedSamples'] ?? 0) - (growth['silentConcealedSamples'] ?? 0));
}

/**
 * Whether a far end that sends nothing while it is silent has its pauses filled with noise (RFC 3389): browsers play that as
 * audio. Where packets are missing, all is made up.
 */
function isComfortNoise(inbound: readonly Growth[]): boolean {
  const share = ratio(sumOf(inbound, 'concealedSamples'), sumOf(inbound, 'totalSamplesReceived'), 1);
  return (
    share !== null &&
    share < MOST_CONCEALED_NOISE &&
    inbound.some((growth) => growth['concealedSamples'] !== undefined)
  );
}

/** How long what was made up lasted, in milliseconds. */
function gapsOf(growth: Growth): number {
  const share = ratio(concealedOf(growth), growth['totalSamplesReceived'], 1) ?? 0;
  return share * 1000 * (growth['totalSamplesDuration'] ?? 0);
}

function ratio(part: number | undefined, whole: number | undefined, scale: number): number | null {
  return part === undefined || whole === undefined || whole === 0 ? null : (part / whole) * scale;
}

/** Root mean square of the time between, from `totalAudioEnergy` (W3C WebRTC statistics, section 8.3). */
function levelOf(growth: Growth | undefined): number | null {
  const power = ratio(growth?.['totalAudioEnergy'], growth?.['totalSamplesDuration'], 1);
  if (power === null) return null;
  return power > 0 ? Math.max(SILENCE_DBFS, 10 * Math.log10(power)) : SILENCE_DBFS;
}

import { nowMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { mosOf } from './mos';
import type { QualitySample } from './sample';

const INTERVAL_MS = 1_000;

/** Totals at one moment; what a sample says is the difference of two. */
interface Totals {
  readonly atMs: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly jitterS: number | undefined;
  readonly rttS: number | undefined;
}

export interface QualitySamplerOptions {
  readonly connection: RTCPeerConnection;
  /** Asked before each sample: reading statistics that nobody wants is not free. */
  readonly isWanted: () => boolean;
  readonly onSample: (sample: QualitySample) => void;
}

/** Reads the statistics of one connection once a second while somebody wants them. */
export class QualitySampler {
  readonly #options: QualitySamplerOptions;
  #last: Totals | undefined;
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: QualitySamplerOptions) {
    this.#options = options;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    stopTimer(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = startTimer(INTERVAL_MS, () => {
      this.#tick().then(
        () => {
          this.#schedule();
        },
        () => {
          // The connection was closed under it; there is nothing more to read.
          this.stop();
        },
      );
    });
  }

  async #tick(): Promise<void> {
    if (!this.#options.isWanted()) {
      this.#last = undefined;
      return;
    }
    const totals = readTotals(await this.#options.connection.getStats());
    const last = this.#last;
    this.#last = totals;
    if (last && !this.#stopped) this.#options.onSample(sampleBetween(last, totals));
  }
}

function readTotals(report: RTCStatsReport): Totals {
  const all: Record<string, unknown>[] = [];
  // RTCStatsReport is a maplike of dictionaries whose fields depend on their type.
  report.forEach((stats: unknown) => all.push(stats as Record<string, unknown>));
  const inbound = all.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
  const outbound = all.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'audio');
  const remote = all.find(({ type, kind }) => type === 'remote-inbound-rtp' && kind === 'audio');
  const pair = all.find(({ type, nominated }) => type === 'candidate-pair' && nominated === true);
  return {
    atMs: nowMs(),
    packetsReceived: numberOf(inbound?.['packetsReceived']) ?? 0,
    packetsLost: numberOf(inbound?.['packetsLost']) ?? 0,
    bytesReceived: numberOf(inbound?.['bytesReceived']) ?? 0,
    bytesSent: numberOf(outbound?.['bytesSent']) ?? 0,
    jitterS: numberOf(inbound?.['jitter']),
    rttS: numberOf(remote?.['roundTripTime']) ?? numberOf(pair?.['currentRoundTripTime']),
  };
}

function sampleBetween(last: Totals, now: Totals): QualitySample {
  const seconds = (now.atMs - last.atMs) / 1000;
  const received = now.packetsReceived - last.packetsReceived;
  // Packets that arrive late are taken off the count of the lost ones again (RFC 3550 section 6.4.1).
  const lost = Math.max(0, now.packetsLost - last.packetsLost);
  const isArriving = received > 0;
  const lossRatio = isArriving ? lost / (received + lost) : null;
  const jitterMs = isArriving && now.jitterS !== undefined ? now.jitterS * 1000 : null;
  const rttMs = now.rttS === undefined ? null : now.rttS * 1000;
  const bitsPerSecond = (bytes: number) => (seconds > 0 ? Math.max(0, (bytes * 8) / seconds) : null);
  return {
    at: new Date(now.atMs),
    mos:
      lossRatio === null || jitterMs === null || rttMs === null
        ? null
        : mosOf({ rttMs, jitterMs, lossRatio }),
    rttMs,
    jitterMs,
    lossRatio,
    inboundBitsPerSecond: bitsPerSecond(now.bytesReceived - last.bytesReceived),
    outboundBitsPerSecond: bitsPerSecond(now.bytesSent - last.bytesSent),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Reports of real browsers (see `test/quality/record-reports.mjs`), and reports to order. */
import { readFileSync } from 'node:fs';
import type { CallCondition } from '../../../src/quality/warnings';

export type Stats = Record<string, unknown>;

interface RecordedCall {
  readonly mimeType: string;
  /** A second apart. */
  readonly reports: readonly [Stats[], Stats[]];
}

export interface Recorded {
  /** Name and version. */
  readonly browser: string;
  readonly calls: readonly RecordedCall[];
}

export function recorded(browser: 'chromium' | 'firefox'): Recorded {
  return JSON.parse(readFileSync(new URL(`reports/${browser}.json`, import.meta.url), 'utf8')) as Recorded;
}

export const TALKING: CallCondition = {
  isMuted: false,
  isHeld: false,
  isReconnecting: false,
  hasIceServers: false,
};

export interface Second {
  /** Packets of 20 ms that arrive in each second. */
  readonly received?: number;
  readonly lost?: number;
  readonly late?: number;
  readonly sent?: number;
  readonly bursts?: number;
  readonly rttS?: number | undefined;
  readonly jitterS?: number;
  /** Mean square of what is heard and of the microphone, 0 to 1. */
  readonly outputPower?: number;
  readonly inputPower?: number;
  /** False: the microphone's is not measured, as in Firefox. */
  readonly hasInputPower?: boolean;
  readonly mimeType?: string;
  readonly localType?: string;
  readonly gathered?: readonly string[];
  /** Of every candidate of this side. */
  readonly address?: string;
  /** Without packets the far end has noise played (RFC 3389); else the browser makes up silence. */
  readonly comfortNoise?: boolean;
}

const NOTHING = {
  ...{ received: 0, lost: 0, late: 0, sent: 0, bursts: 0, output: 0, input: 0, seconds: 0, madeUp: 0 },
};

/** The statistics of a call in PCMU, second by second, as Chromium has them. */
export class FakeStatistics {
  #totals = NOTHING;
  #second: Second = {};

  /** Another SSRC, as after a renegotiation. */
  ssrc = 1;

  /** A second passes. */
  pass(second: Second = {}): void {
    this.#second = second;
    const { received = 50, lost = 0, late = 0, sent = 50, bursts = lost } = second;
    const { outputPower = 0.01, inputPower = 0.01, comfortNoise = false } = second;
    const before = this.#totals;
    this.#totals = {
      received: before.received + received,
      lost: before.lost + lost,
      late: before.late + late,
      sent: before.sent + sent,
      bursts: before.bursts + bursts,
      output: before.output + outputPower,
      input: before.input + inputPower,
      seconds: before.seconds + 1,
      madeUp: before.madeUp + (received === 0 && !comfortNoise ? 8000 : 0),
    };
  }

  /** All counts begin again, as with another peer connection. */
  restart(): void {
    this.#totals = NOTHING;
  }

  get report(): Map<string, unknown> {
    const { received, lost, late, sent, bursts, output, input, seconds, madeUp } = this.#totals;
    const { jitterS = 0.002, mimeType = 'audio/PCMU', localType = 'host', address } = this.#second;
    const { hasInputPower = true } = this.#second;
    const rttS = 'rttS' in this.#second ? this.#second.rttS : 0.04;
    const gathered = (this.#second.gathered ?? [localType]).map((candidateType, index) => ({
      ...{ id: `L${index}`, type: 'local-candidate', candidateType, protocol: 'udp' },
      ...(address === undefined ? {} : { address }),
    }));
    const all: Stats[] = [
      { id: 'C', type: 'codec', mimeType, clockRate: 8000, channels: 1 },
      {
        ...{ id: `I${this.ssrc}`, type: 'inbound-rtp', kind: 'audio', codecId: 'C', jitter: jitterS },
        ...{
          packetsReceived: received,
          packetsLost: lost,
          packetsDiscarded: late,
          bytesReceived: 160 * received,
        },
        ...{
          concealmentEvents: bursts,
          concealedSamples: 160 * lost + madeUp,
          silentConcealedSamples: madeUp,
        },
        ...{ totalSamplesReceived: 8000 * seconds, totalAudioEnergy: output, totalSamplesDuration: seconds },
        ...{ jitterBufferDelay: 320 * seconds, jitterBufferEmittedCount: 8000 * seconds },
      },
      {
        id: 'O',
        type: 'outbound-rtp',
        kind: 'audio',
        codecId: 'C',
        packetsSent: sent,
        bytesSent: 160 * sent,
      },
      {
        ...{ id: 'S', type: 'media-source', kind: 'audio' },
        ...(hasInputPower ? { totalAudioEnergy: input, totalSamplesDuration: seconds } : {}),
      },
      { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
      { id: 'P', type: 'candidate-pair', nominated: true, localCandidateId: 'X', remoteCandidateId: 'R' },
      { id: 'X', type: 'local-candidate', candidateType: localType, protocol: 'udp' },
      ...gathered,
      { id: 'R', type: 'remote-candidate', candidateType: 'prflx', protocol: 'udp' },
    ];
    if (rttS !== undefined)
      all.push({ id: 'RI', type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: rttS });
    return new Map(all.map((stats) => [stats['id'] as string, stats]));
  }
}

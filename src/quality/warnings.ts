import type { Measurement } from './measure';

/**
 * What can be wrong with a call:
 *
 * | name | `value` and `threshold` | raised when | cleared when |
 * |---|---|---|---|
 * | `highRtt` | milliseconds | 3 of 5 samples above 400 | 5 in a row up to 350 |
 * | `highJitter` | milliseconds | 3 of 5 above 30 | 5 in a row up to 25 |
 * | `highLoss` | ratio of lost and late packets of a second | 3 of 5 above 0.04 | 5 in a row up to 0.03 |
 * | `lowMos` | score | 3 of 5 below 3.6 | 5 in a row from 3.8 on |
 * | `noPacketsReceived` | packets a second | 4 in a row without one | 2 in a row with some |
 * | `noPacketsSent` | packets a second | 4 in a row without one | 2 in a row with some |
 * | `remoteSilent` | dBFS | packets come, 4 in a row are digital silence | 2 in a row are not |
 * | `inputSilent` | dBFS | 4 in a row of the microphone are digital silence | 2 in a row are not |
 * | `hostCandidatesOnly` | STUN and TURN candidates | ICE servers are set, 5 in a row had no answer of any | one answers |
 * | `relayInUse` | 1 in use | a TURN server relays the audio | none does |
 *
 * `hostCandidatesOnly` is not raised where the browser tells that the machine has a public address itself: a STUN server's
 * answer cannot be seen there. `remoteSilent` is also raised by a far end that is muted. In Firefox, whose statistics have
 * no level of the microphone, and in calls with processors, of which the statistics see what comes out, `inputSilent` is only
 * found while somebody listens to `warning`, by an AudioWorklet as for `inputLevel`. Nothing is raised while the call is cut off (`reconnecting`), only the last two while either side holds it,
 * and no `inputSilent` while the microphone is muted; what was raised and makes no sense any more is cleared.
 */
export type QualityWarningName =
  | 'highRtt'
  | 'highJitter'
  | 'highLoss'
  | 'lowMos'
  | 'noPacketsReceived'
  | 'noPacketsSent'
  | 'remoteSilent'
  | 'inputSilent'
  | 'hostCandidatesOnly'
  | 'relayInUse';

/** Something is wrong with a call. */
export interface QualityWarning {
  /** What. */
  readonly name: QualityWarningName;
  /** The figure that gave rise to it, in the unit of that name. */
  readonly value: number;
  /** What it would have had to keep to. */
  readonly threshold: number;
}

/** What the call is doing, as far as figures have to be read in its light. */
export interface CallCondition {
  readonly isMuted: boolean;
  /** Either side holds it. */
  readonly isHeld: boolean;
  /** It is cut off from the server or from the far end. */
  readonly isReconnecting: boolean;
  /** Whether it has STUN or TURN servers to ask. */
  readonly hasIceServers: boolean;
  /** How loud the microphone was, where the statistics do not say. Default: not known. */
  readonly measuredInputDbfs?: number | null;
  /** Whether the statistics are about what processors made of the microphone. Default: they are about the microphone. */
  readonly isInputProcessed?: boolean;
}

interface Rule {
  readonly name: QualityWarningName;
  /** Null: not known now, which neither raises nor clears. */
  readonly figure: (measured: Measurement, condition: CallCondition) => number | null;
  /** Which side of the thresholds is bad. */
  readonly isBad: 'above' | 'below';
  readonly threshold: (measured: Measurement) => number;
  /** Good again only on the other side of this one. */
  readonly clearThreshold: (measured: Measurement) => number;
  /** How many bad ones of how many raise it. */
  readonly raise: readonly [bad: number, of: number];
  /** How many good ones in a row clear it. */
  readonly clear: number;
  readonly makesSense: (condition: CallCondition) => boolean;
}

const isTalking = ({ isHeld }: CallCondition) => !isHeld;
const always = (limit: number) => () => limit;
const SLOW = { raise: [3, 5], clear: 5, makesSense: isTalking } as const;
/** With the first look at once and one each second: said after 4 s. */
const AT_ONCE = { raise: [4, 4], clear: 2 } as const;

/** One step of 16 bits, 20 log10(1 / 32768): below it there is nothing. The quietest of rooms is louder. */
const SILENT_DBFS = -90;
/** A-law (ITU-T G.711) has no zero: its silence is a step of 8 / 32768, -72.2 dBFS. */
const SILENT_ALAW_DBFS = -72;
const remoteSilence = ({ sample }: Measurement) =>
  sample.codec?.mimeType.toLowerCase() === 'audio/pcma' ? SILENT_ALAW_DBFS : SILENT_DBFS;

const RULES: readonly Rule[] = [
  {
    // With 50 ms of frame and buffer about the 250 ms from mouth to ear where R falls under 80, "satisfied" (G.107).
    ...SLOW,
    name: 'highRtt',
    figure: ({ sample }) => sample.rttMs,
    isBad: 'above',
    threshold: always(400),
    clearThreshold: always(350),
  },
  {
    // A mean deviation: single packets are then beyond the 50 ms that ITU-T Y.1541 allows speech (class 0).
    ...SLOW,
    name: 'highJitter',
    figure: ({ sample }) => sample.jitterMs,
    isBad: 'above',
    threshold: always(30),
    clearThreshold: always(25),
  },
  {
    // Where R of G.711 with concealment falls under 80, "satisfied": 95 * 4 / (4 + 25.1) = 13. Of single seconds: one gap
    // of a quarter of a second is one bad sample, and so are the packets of an outage, which are all counted when it ends.
    ...SLOW,
    name: 'highLoss',
    figure: ({ unheardRatio }) => unheardRatio,
    isBad: 'above',
    threshold: always(0.04),
    clearThreshold: always(0.03),
  },
  {
    // R 70, below which "many users are dissatisfied" (G.107 table B.1).
    ...SLOW,
    name: 'lowMos',
    figure: ({ sample }) => sample.mos,
    isBad: 'below',
    threshold: always(3.6),
    clearThreshold: always(3.8),
  },
  {
    // A packet is due every 20 to 60 ms, with discontinuous transmission of Opus every 400 ms (RFC 7587).
    ...AT_ONCE,
    name: 'noPacketsReceived',
    figure: ({ packetsReceived }) => packetsReceived,
    isBad: 'below',
    threshold: always(1),
    clearThreshold: always(1),
    makesSense: isTalking,
  },
  {
    ...AT_ONCE,
    name: 'noPacketsSent',
    figure: ({ packetsSent }) => packetsSent,
    isBad: 'below',
    threshold: always(1),
    clearThreshold: always(1),
    makesSense: isTalking,
  },
  {
    ...AT_ONCE,
    name: 'remoteSilent',
    figure: ({ sample }) => sample.outputLevelDbfs,
    isBad: 'below',
    threshold: remoteSilence,
    clearThreshold: remoteSilence,
    makesSense: isTalking,
  },
  {
    ...AT_ONCE,
    name: 'inputSilent',
    // Noise suppression makes digital silence of a quiet room: behind it, silence says nothing of the microphone.
    figure: ({ sample }, { isInputProcessed, measuredInputDbfs }) =>
      (isInputProcessed ? null : sample.inputLevelDbfs) ?? measuredInputDbfs ?? null,
    isBad: 'below',
    threshold: always(SILENT_DBFS),
    clearThreshold: always(SILENT_DBFS),
    makesSense: ({ isHeld, isMuted }) => !isHeld && !isMuted,
  },
  {
    name: 'hostCandidatesOnly',
    figure: ({ localTypes, hasPublicAddress }) => {
      const answers = ['srflx', 'relay'].filter((type) => localTypes.has(type)).length;
      // A reflexive candidate that is the host's own address is not kept (RFC 8445 section 5.1.3).
      const isTold = localTypes.size > 0 && (answers > 0 || !hasPublicAddress);
      return isTold ? answers : null;
    },
    isBad: 'below',
    threshold: always(1),
    clearThreshold: always(1),
    raise: [5, 5],
    clear: 1,
    // Without servers to ask there is nothing to expect.
    makesSense: ({ hasIceServers }) => hasIceServers,
  },
  {
    name: 'relayInUse',
    figure: ({ sample }) =>
      sample.candidatePair === null ? null : Number(sample.candidatePair.localType === 'relay'),
    isBad: 'above',
    threshold: always(0),
    clearThreshold: always(0),
    raise: [1, 1],
    clear: 1,
    makesSense: () => true,
  },
];

interface Watch {
  /** Of the last samples, newest last. */
  bad: boolean[];
  good: number;
  isRaised: boolean;
}

export interface WarningListener {
  raised(warning: QualityWarning): void;
  cleared(name: QualityWarningName): void;
}

/** Raises and clears the warnings of one call. */
export class WarningBoard {
  readonly #listener: WarningListener;
  readonly #watches = new Map<QualityWarningName, Watch>(
    RULES.map(({ name }) => [name, { bad: [], good: 0, isRaised: false }]),
  );

  constructor(listener: WarningListener) {
    this.#listener = listener;
  }

  judge(measured: Measurement, condition: CallCondition): void {
    for (const rule of RULES) {
      const watch = this.#watches.get(rule.name);
      if (watch) this.#watch(rule, watch, measured, condition);
    }
  }

  #watch(rule: Rule, watch: Watch, measured: Measurement, condition: CallCondition): void {
    if (!rule.makesSense(condition)) {
      watch.bad = [];
      this.#clear(rule, watch);
      return;
    }
    // A new path is being made: what was known before neither gets worse nor better.
    const value = condition.isReconnecting ? null : rule.figure(measured, condition);
    if (value === null) return;
    const threshold = rule.threshold(measured);
    const sign = rule.isBad === 'above' ? 1 : -1;
    const isBad = sign * value > sign * threshold;
    const [bad, of] = rule.raise;
    watch.bad.push(isBad);
    if (watch.bad.length > of) watch.bad.shift();
    watch.good = sign * value <= sign * rule.clearThreshold(measured) ? watch.good + 1 : 0;
    if (watch.isRaised) {
      if (watch.good >= rule.clear) this.#clear(rule, watch);
    } else if (isBad && watch.bad.filter(Boolean).length >= bad) {
      watch.isRaised = true;
      this.#listener.raised(Object.freeze({ name: rule.name, value, threshold }));
    }
  }

  #clear({ name }: Rule, watch: Watch): void {
    watch.good = 0;
    if (!watch.isRaised) return;
    watch.isRaised = false;
    watch.bad = [];
    this.#listener.cleared(name);
  }
}

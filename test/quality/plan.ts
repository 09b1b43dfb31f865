import type { QualityWarningName } from '../../src/index';
import type { TableCodec } from './support/whole-e-model';

/** One call through one network. */
export interface CellPlan {
  readonly codec: TableCodec;
  readonly lossPercent: number;
  /** One way. */
  readonly delayMs: number;
}

const LOSSES = [0, 1, 5, 20];
const DELAYS = [0, 150, 400];

/** G.711, which calls from the telephone network have, in every network; Opus beside it where only packets get lost. */
export const CELLS: readonly CellPlan[] = [
  ...DELAYS.flatMap((delayMs) =>
    LOSSES.map((lossPercent) => ({ codec: 'PCMU', lossPercent, delayMs }) as const),
  ),
  ...LOSSES.map((lossPercent) => ({ codec: 'opus', lossPercent, delayMs: 0 }) as const),
];

export const nameOf = ({ codec, lossPercent, delayMs }: CellPlan) =>
  `${codec}, ${lossPercent} % loss, ${delayMs} ms`;

/** The network is good at first, then bad, then good again. */
export const GOOD_MS = 3_000;
export const BAD_MS = 22_000;
/** Round trips are measured by RTCP, every 2.5 to 7.5 s (RFC 3550 section 6.3.1): until then the score is of before. */
export const SETTLE_MS = 11_000;
export const AFTER_MS = 18_000;

/** How far the mean of our score may be from what the E-model gives for what the relay did. */
export const MOS_TOLERANCE = 0.3;
/** Three bad samples of five; or a round trip that RTCP has yet to tell. */
export const RAISE_WITHIN_MS = 15_000;
/** Five good samples in a row, after RTCP has told the round trip. */
export const CLEAR_WITHIN_MS = 17_000;

/** What happened, as far as it is known without the SDK: of the relay, and the browser's own figures. */
export interface Facts {
  /** What the E-model gives for the bad network, and for the last seconds of the good one after it. */
  readonly mos: number;
  readonly lastMos: number;
  /** How much longer the browsers' round trip was at worst than that of the network: what a busy machine adds. */
  readonly extraRttMs: number;
  /** How much more was made up at worst than the network lost: what a busy machine played too late. */
  readonly extraConcealment: number;
}

/** Browsers that have the machine to themselves stay below; above, what the machine did may be warned of, or not. */
const BUSY_RTT_MS = 60;
const BUSY_CONCEALMENT = 0.02;
const NEAR_MOS = 0.25;

/** What has to be said of a network, and of no other. Near its threshold either is right. */
export function isOwed(name: QualityWarningName, plan: CellPlan, facts: Facts): boolean | 'either' {
  switch (name) {
    case 'highRtt':
      return plan.delayMs === 400 || (facts.extraRttMs > BUSY_RTT_MS ? 'either' : false);
    case 'highLoss':
      // Of 5 % a second of 50 packets has more than 4 % lost in 46 of 100 cases: three of five of them take their time.
      if (plan.lossPercent === 5) return 'either';
      return plan.lossPercent > 5 || (facts.extraConcealment > BUSY_CONCEALMENT ? 'either' : false);
    case 'lowMos':
      return Math.abs(facts.mos - 3.6) < NEAR_MOS ? 'either' : facts.mos < 3.6;
    default:
      return false;
  }
}

/** Whether the good network has to clear it, or a busy machine keeps up what the bad one began. */
export function isToBeCleared(name: QualityWarningName, facts: Facts): boolean {
  switch (name) {
    case 'highRtt':
      return facts.extraRttMs <= BUSY_RTT_MS;
    case 'highLoss':
      return facts.extraConcealment <= BUSY_CONCEALMENT;
    default:
      return facts.lastMos > 3.8 + NEAR_MOS;
  }
}

/** Whether the machine had too much to do for the figures to be those of the network alone. */
export function isBusy({ extraRttMs, extraConcealment }: Facts): boolean {
  return extraRttMs > BUSY_RTT_MS || extraConcealment > BUSY_CONCEALMENT;
}

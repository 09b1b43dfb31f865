/**
 * Mean opinion score by the E-model: ITU-T G.107 (06/2015), its wideband and fullband versions G.107.1 and G.107.2.
 * What is measured is delay, loss and codec; everything else has the default of G.107 table 2 (handset, quiet rooms,
 * echo that is cancelled to 65 dB TELR and 110 dB WEPL).
 *
 * Each version has a scale of its own: R from 0 to 93.2, to 129 and to 148. All three are brought to the first one
 * before they become a MOS, as Annex A of G.107.1 and of G.107.2 do (R / 1.29, R / 1.48). A score is therefore
 * that of listeners who are used to the codec's bandwidth (MOS-CQEN, -CQEW or -CQEF of ITU-T P.800.1).
 */
import type { CodecImpairment } from './codec-impairment';

/** Basic signal-to-noise ratio and simultaneous impairments: G.107 clauses 7.2 and 7.3 with all defaults. */
const RO = 94.7688;
const IS = 1.4136;
/** G.107 table 2: talker echo loudness rating and weighted echo path loss, in decibels. */
const TELR = 65;
const WEPL = 110;

/** How long the scale is beside that of G.107, what is left of it without impairments, and what loss can cost. */
const BANDS = {
  narrow: { scale: 1, ceiling: RO - IS, worstLoss: 95 },
  // G.107.1 clause 7.1 and equation 7-15.
  wide: { scale: 1.29, ceiling: 100, worstLoss: 95 },
  // G.107.2 clauses 7.1 and 7.5.
  full: { scale: 1.48, ceiling: 100, worstLoss: 132 },
} as const;

/** What is known of a second of a call. */
export interface Impairments {
  /** From mouth to ear, one way, in milliseconds. */
  readonly delayMs: number;
  /** Share of packets that were not played, 0 to 1. */
  readonly lossRatio: number;
  /** How much longer bursts of loss are than random ones would be, at least 1. */
  readonly burstRatio: number;
  readonly codec: CodecImpairment;
}

/** The rating R, from 0 to 100 on the scale of G.107. */
export function ratingOf({ delayMs, lossRatio, burstRatio, codec }: Impairments): number {
  const { scale, ceiling, worstLoss } = BANDS[codec.band];
  const lossPercent = 100 * lossRatio;
  // Clause 7.5, equation 7-29.
  const equipment =
    codec.impairment +
    ((worstLoss - codec.impairment) * lossPercent) / (lossPercent / burstRatio + codec.lossRobustness);
  return Math.min(100, Math.max(0, ceiling - delayImpairment(delayMs) - equipment / scale));
}

/** Mean opinion score, 1 to 4.5: G.107 Annex B, equation B-4. */
export function mosOfRating(r: number): number {
  const mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
  // Below R 6.5 the polynomial falls under 1.
  return Math.min(4.5, Math.max(1, mos));
}

/** Id of clause 7.4: talker echo, listener echo and absolute delay, where T = Ta = Tr / 2. */
function delayImpairment(delayMs: number): number {
  const talkerEchoLevel =
    TELR - 40 * Math.log10((1 + delayMs / 10) / (1 + delayMs / 150)) + 6 * Math.exp(-0.3 * delayMs * delayMs);
  const talkerEcho = excess(RO, 80 + 2.5 * (talkerEchoLevel - 14), 100, 1) * (1 - Math.exp(-delayMs));
  const listenerEcho = excess(RO, 10.5 * (WEPL + 7) * (2 * delayMs + 1) ** -0.25, 169, 0);
  return talkerEcho + listenerEcho + absoluteDelay(delayMs);
}

/** How far an echo's rating stays behind that without it; both echoes are judged by this one formula. */
function excess(best: number, rating: number, softness: number, offset: number): number {
  const half = (best - rating) / 2;
  return half + Math.sqrt(half * half + softness) - offset;
}

/** Idd: nothing up to 100 ms (mT = 100 ms and sT = 1, the default class of delay sensitivity). */
function absoluteDelay(delayMs: number): number {
  if (delayMs <= 100) return 0;
  const x = Math.log2(delayMs / 100);
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
}

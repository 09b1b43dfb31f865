/** Mean opinion score by the E-model, ITU-T G.107, with all parameters that are not measured at their defaults. */

/** R with all defaults and no impairment: ITU-T G.107 (06/2015) section 7.7, R0 - Is = 93.2. */
const R_DEFAULT = 93.2;
/** Packet-loss robustness of G.711 with concealment, random loss: ITU-T G.113 Appendix I, table I.3. */
const PACKET_LOSS_ROBUSTNESS = 25.1;
/** Frame of 20 ms, and a jitter buffer that holds about two jitters. */
const FRAME_MS = 20;
const BUFFERED_JITTERS = 2;

export function mosOf({
  rttMs,
  jitterMs,
  lossRatio,
}: {
  rttMs: number;
  jitterMs: number;
  lossRatio: number;
}): number {
  const oneWayDelayMs = rttMs / 2 + BUFFERED_JITTERS * jitterMs + FRAME_MS;
  // Delay impairment, the simplification of G.107 by Cole and Rosenbluth (ACM SIGCOMM CCR 31/2, 2001), formula 4.
  const delayImpairment = 0.024 * oneWayDelayMs + 0.11 * Math.max(0, oneWayDelayMs - 177.3);
  const lossPercent = 100 * lossRatio;
  // Effective equipment impairment, G.107 formula 7-29 with Ie = 0 and BurstR = 1.
  const lossImpairment = (95 * lossPercent) / (lossPercent + PACKET_LOSS_ROBUSTNESS);
  const r = Math.min(100, Math.max(0, R_DEFAULT - delayImpairment - lossImpairment));
  // G.107 Annex B, formula B-4.
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

/** Digital silence would be minus infinity, which JSON has no word for; 16 bits reach down to -98 dB. */
export const SILENCE_DBFS = -100;

/** @param power mean square of samples, 1 at full scale; what is no number counts as silence */
export function toDbfs(power: number): number {
  // Written so that NaN fails it.
  if (!(power > 10 ** (SILENCE_DBFS / 10))) return SILENCE_DBFS;
  return Math.min(0, Math.round(100 * Math.log10(power)) / 10);
}

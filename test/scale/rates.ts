/** From moments to rates. */
import type { RegisterSeen } from './counted-edges';

/** How many of these moments fall into each slot of that length, the first one starting at `fromMs`. */
export function perSlot(momentsMs: readonly number[], fromMs: number, slotMs: number): number[] {
  const counts: number[] = [];
  for (const atMs of momentsMs) {
    const slot = Math.floor((atMs - fromMs) / slotMs);
    if (slot < 0) continue;
    while (counts.length <= slot) counts.push(0);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return counts;
}

/** The most of these moments (in order) that lie within any stretch of that length. */
export function peakWithin(momentsMs: readonly number[], lengthMs: number): number {
  let peak = 0;
  let first = 0;
  momentsMs.forEach((atMs, last) => {
    while (atMs - (momentsMs[first] ?? atMs) >= lengthMs) first += 1;
    peak = Math.max(peak, last - first + 1);
  });
  return peak;
}

/** For each of these users when they were first bound, in order; users who were not are left out. */
export function boundAt(seen: readonly RegisterSeen[], users: ReadonlySet<string>): number[] {
  const first = new Map<string, number>();
  for (const { user, what, atMs } of seen) {
    if (what === 'bound' && users.has(user) && !first.has(user)) first.set(user, atMs);
  }
  return [...first.values()].sort((a, b) => a - b);
}

/** When that share of `total` had happened; undefined where it never did. */
export function reachedMs(sortedMs: readonly number[], total: number, share: number): number | undefined {
  return sortedMs[Math.ceil(total * share) - 1];
}

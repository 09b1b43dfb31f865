import { describe, expect, test } from 'vitest';
import { boundAt, peakWithin, perSlot, reachedMs } from '../../scale/rates';
import type { RegisterSeen } from '../../scale/counted-edges';

describe('the rates of the scale test', () => {
  test('count what falls into each slot, and leave out what was before', () => {
    expect(perSlot([900, 1000, 1999, 2000, 4500], 1000, 1000)).toEqual([2, 1, 0, 1]);
    expect(perSlot([], 0, 1000)).toEqual([]);
  });

  test('find the busiest stretch wherever it begins', () => {
    const momentsMs = [0, 600, 900, 1500, 1599, 1600, 9000];
    expect(peakWithin(momentsMs, 1000)).toBe(4);
    expect(peakWithin(momentsMs, 100)).toBe(2);
    expect(peakWithin([], 1000)).toBe(0);
  });

  test('take the first binding of each user, and of these users only', () => {
    const seen: RegisterSeen[] = [
      { atMs: 1, user: 'a', what: 'request' },
      { atMs: 5, user: 'b', what: 'bound' },
      { atMs: 3, user: 'a', what: 'bound' },
      { atMs: 9, user: 'a', what: 'bound' },
      { atMs: 2, user: 'somebody', what: 'bound' },
    ];
    expect(boundAt(seen, new Set(['a', 'b', 'c']))).toEqual([3, 5]);
  });

  test('say when a share was reached, or that it never was', () => {
    expect(reachedMs([10, 20, 30, 40], 4, 0.5)).toBe(20);
    expect(reachedMs([10, 20, 30, 40], 4, 1)).toBe(40);
    expect(reachedMs([10, 20, 30], 4, 1)).toBeUndefined();
  });
});

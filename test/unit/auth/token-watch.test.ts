import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AccessToken } from '../../../src/auth/token';
import { TokenWatch } from '../../../src/auth/token-watch';

const START = Date.UTC(2025, 0, 1);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let watch: TokenWatch;
let seen: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  seen = [];
  watch = new TokenWatch(MINUTE, Date.now);
  watch.on('willExpire', ({ jwt }) => seen.push(`${jwt} will expire at ${Date.now() - START}`));
  watch.on('expired', ({ jwt }) => seen.push(`${jwt} expired at ${Date.now() - START}`));
});

afterEach(() => {
  watch.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function token(jwt: string, ttlMs: number): AccessToken {
  const expiresAt = new Date(Date.now() + ttlMs);
  return { jwt, expiresAt, claims: { user_uuid: 'a', exp: expiresAt.getTime() / 1000 } };
}

it('announces the expiry the lead time before, and the expiry itself, once each', () => {
  watch.watch(token('t', 10 * MINUTE));
  vi.advanceTimersByTime(DAY);
  expect(seen).toEqual([`t will expire at ${9 * MINUTE}`, `t expired at ${10 * MINUTE}`]);
});

it('announces at once, but not from inside the call, when already inside the lead', () => {
  watch.watch(token('t', 10_000));
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(seen).toEqual(['t will expire at 0']);
});

it('says nothing of a former token', () => {
  watch.watch(token('old', 10 * MINUTE));
  vi.advanceTimersByTime(9 * MINUTE);
  watch.watch(token('new', 60 * MINUTE));
  vi.advanceTimersByTime(50 * MINUTE);
  expect(seen).toEqual([`old will expire at ${9 * MINUTE}`]);
  vi.advanceTimersByTime(9 * MINUTE);
  expect(seen.at(-1)).toBe(`new will expire at ${68 * MINUTE}`);
});

it('announces a token once, however often it is watched', () => {
  const short = token('t', 10_000);
  watch.watch(short);
  vi.advanceTimersByTime(1_000);
  watch.watch(short);
  vi.advanceTimersByTime(1_000);
  watch.stop();
  watch.watch(short);
  vi.advanceTimersByTime(1_000);
  expect(seen).toEqual(['t will expire at 0']);
});

it('has nothing to warn of for a token that is over', () => {
  watch.watch(token('t', -1));
  vi.advanceTimersByTime(DAY);
  expect(seen).toEqual(['t expired at 0']);
});

it('is right past 24.8 days, where one timer would overflow', () => {
  watch.watch(token('t', 60 * DAY));
  vi.advanceTimersByTime(10 * MINUTE);
  expect(seen).toEqual([]);
  vi.setSystemTime(START + 60 * DAY - 2 * MINUTE);
  vi.advanceTimersByTime(MINUTE - 1);
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(MINUTE + 1);
  expect(seen).toEqual([`t will expire at ${60 * DAY - MINUTE}`, `t expired at ${60 * DAY}`]);
});

it('notices on a check what passed while the machine slept', () => {
  watch.watch(token('t', 10 * MINUTE));
  vi.setSystemTime(START + 9.5 * MINUTE);
  expect(seen).toEqual([]);
  watch.check();
  expect(seen).toEqual([`t will expire at ${9.5 * MINUTE}`]);
  vi.setSystemTime(START + 11 * MINUTE);
  watch.check();
  watch.check();
  expect(seen.slice(1)).toEqual([`t expired at ${11 * MINUTE}`]);
});

it('does not report a token as expired that a listener replaced in time', () => {
  watch.on('willExpire', () => {
    watch.watch(token('fresh', 60 * MINUTE));
  });
  watch.watch(token('t', 10 * MINUTE));
  // Both moments passed during one sleep.
  vi.setSystemTime(START + 20 * MINUTE);
  watch.check();
  vi.advanceTimersByTime(MINUTE);
  expect(seen).toEqual([`t will expire at ${20 * MINUTE}`]);
});

it('is silent once stopped', () => {
  watch.watch(token('t', 10 * MINUTE));
  expect(watch.isWatching).toBe(true);
  watch.stop();
  expect(watch.isWatching).toBe(false);
  vi.advanceTimersByTime(DAY);
  watch.check();
  expect(seen).toEqual([]);
});

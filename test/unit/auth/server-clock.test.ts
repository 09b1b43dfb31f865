import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerClock } from '../../../src/auth/server-clock';
import type { AccessToken } from '../../../src/auth/token';

const START = Date.UTC(2025, 0, 1);
const MINUTE = 60_000;

let clock: ServerClock;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  clock = new ServerClock();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A token of these moments, in milliseconds from what the browser takes for now. */
function token(issuedInMs: number | undefined, expiresInMs: number): AccessToken {
  const expiresAt = new Date(Date.now() + expiresInMs);
  const iat = issuedInMs === undefined ? {} : { iat: (Date.now() + issuedInMs) / 1000 };
  return { jwt: 'j', expiresAt, claims: { user_uuid: 'a', exp: expiresAt.getTime() / 1000, ...iat } };
}

function offsetMs(): number {
  return clock.now() - Date.now();
}

describe('without a measurement', () => {
  it('the clock of the browser counts as right', () => {
    clock.meet(token(-5 * MINUTE, 55 * MINUTE));
    expect(offsetMs()).toBe(0);
  });

  it('a token from the future proves that it is behind', () => {
    clock.meet(token(10 * MINUTE, 70 * MINUTE));
    expect(offsetMs()).toBe(10 * MINUTE);
    clock.meet(token(0, 60 * MINUTE));
    expect(offsetMs()).toBe(10 * MINUTE);
  });

  it('a token that was just handed over and seems over suggests that it is ahead', () => {
    clock.meet(token(-10 * MINUTE, -5 * MINUTE));
    expect(offsetMs()).toBe(-10 * MINUTE);
  });

  it('a later token proves such a suggestion wrong', () => {
    clock.meet(token(-10 * MINUTE, -5 * MINUTE));
    clock.meet(token(-MINUTE, 60 * MINUTE));
    expect(offsetMs()).toBe(-MINUTE);
  });

  it('a token that was met when it was fresh is over when it is handed over again', () => {
    const short = token(0, 2 * MINUTE);
    clock.meet(short);
    vi.advanceTimersByTime(3 * MINUTE);
    clock.meet(short);
    expect(offsetMs()).toBe(0);
  });

  it('doubt() takes back a suggestion, and nothing that was proved', () => {
    clock.meet(token(-10 * MINUTE, -5 * MINUTE));
    clock.doubt();
    expect(offsetMs()).toBe(0);
    clock.meet(token(MINUTE, 60 * MINUTE));
    clock.doubt();
    expect(offsetMs()).toBe(MINUTE);
  });

  it.each([
    ['was issued more than 15 min ago', token.bind(null, -16 * MINUTE, -MINUTE)],
    ['was issued more than 15 min from now', token.bind(null, 16 * MINUTE, 60 * MINUTE)],
    ['never was valid', token.bind(null, -MINUTE, -MINUTE)],
    ['ended before it began', token.bind(null, -MINUTE, -2 * MINUTE)],
    ['says nothing of when it was issued', token.bind(null, undefined, -MINUTE)],
  ])('a token that %s says nothing', (_what, make) => {
    clock.meet(make());
    expect(offsetMs()).toBe(0);
  });
});

describe('a measurement', () => {
  it.each([10 * MINUTE, -10 * MINUTE, 3 * 60 * MINUTE])('of %d ms is taken', (skewMs) => {
    clock.measure(new Date(Date.now() + skewMs).toISOString());
    expect(offsetMs()).toBe(skewMs);
  });

  it('beats what tokens say', () => {
    clock.measure(new Date(START).toISOString());
    clock.meet(token(10 * MINUTE, 70 * MINUTE));
    expect(offsetMs()).toBe(0);
    clock.measure(new Date(START - MINUTE).toISOString());
    clock.doubt();
    expect(offsetMs()).toBe(-MINUTE);
  });

  it.each([4_900, -4_900])('of %d ms may as well be the way of the answer', (skewMs) => {
    clock.measure(new Date(Date.now() + skewMs).toISOString());
    expect(offsetMs()).toBe(0);
  });

  it.each([undefined, null, '', 'yesterday', 1_735_689_600_000, {}])(
    'that cannot be read is ignored: %j',
    (text) => {
      clock.measure(text);
      expect(offsetMs()).toBe(0);
    },
  );
});

describe('a clock that is set while the page is open', () => {
  it('back: what it shows less has not passed less', () => {
    vi.advanceTimersByTime(MINUTE);
    vi.setSystemTime(START - 9 * MINUTE);
    expect(clock.now()).toBe(START + MINUTE);
    vi.advanceTimersByTime(MINUTE);
    expect(clock.now()).toBe(START + 2 * MINUTE);
  });

  it('forwards looks like a sleep, and counts as one', () => {
    vi.setSystemTime(START + 60 * MINUTE);
    expect(clock.now()).toBe(START + 60 * MINUTE);
  });
});

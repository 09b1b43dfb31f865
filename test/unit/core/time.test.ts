import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm } from '../../../src/core/alarm';
import { backoffDelayMs } from '../../../src/core/backoff';
import { randomUuid } from '../../../src/core/clock';
import { delay, withDeadline } from '../../../src/core/deadline';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const START = Date.UTC(2025, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('Alarm', () => {
  let rings: number[];
  let alarm: Alarm;

  beforeEach(() => {
    rings = [];
    alarm = new Alarm(() => rings.push(Date.now() - START));
  });

  it('rings once, at its moment', () => {
    alarm.set(START + 90 * SECOND);
    vi.advanceTimersByTime(HOUR);
    expect(rings).toEqual([90 * SECOND]);
  });

  it('rings on the next turn, not at once, for a moment in the past', () => {
    alarm.set(START - DAY);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(rings).toEqual([0]);
  });

  it('rings on time past 24.8 days, where one timer would overflow and fire at once', () => {
    alarm.set(START + 30 * DAY);
    vi.advanceTimersByTime(29 * DAY);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(DAY);
    expect(rings).toEqual([30 * DAY]);
  });

  it('rings within 30 s of a wake-up that nobody told it of', () => {
    alarm.set(START + HOUR);
    // Asleep: the wall clock goes on, the timers do not.
    vi.setSystemTime(START + 8 * HOUR);
    vi.advanceTimersByTime(30 * SECOND);
    expect(rings).toEqual([8 * HOUR + 30 * SECOND]);
  });

  it('rings at once when told that time passed unseen, and not again', () => {
    alarm.set(START + HOUR);
    vi.setSystemTime(START + 2 * HOUR);
    alarm.check();
    alarm.check();
    vi.advanceTimersByTime(DAY);
    expect(rings).toEqual([2 * HOUR]);
  });

  it('check() before the moment changes nothing', () => {
    alarm.set(START + HOUR);
    alarm.check();
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(HOUR);
    expect(rings).toEqual([HOUR]);
  });

  it('does not ring early when the wall clock is set back', () => {
    alarm.set(START + 60 * SECOND);
    vi.setSystemTime(START - HOUR);
    vi.advanceTimersByTime(60 * SECOND);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(HOUR);
    expect(rings).toEqual([60 * SECOND]);
  });

  it('replaces its moment when set again', () => {
    alarm.set(START + 10 * SECOND);
    alarm.set(START + 20 * SECOND);
    vi.advanceTimersByTime(HOUR);
    expect(rings).toEqual([20 * SECOND]);
  });

  it('never rings once cancelled', () => {
    alarm.set(START + SECOND);
    alarm.cancel();
    alarm.check();
    vi.advanceTimersByTime(HOUR);
    expect(rings).toEqual([]);
  });

  it('can be set again from its own callback', () => {
    const again: Alarm = new Alarm(() => {
      rings.push(Date.now() - START);
      if (rings.length < 3) again.set(Date.now() + SECOND);
    });
    again.set(START + SECOND);
    vi.advanceTimersByTime(HOUR);
    expect(rings).toEqual([SECOND, 2 * SECOND, 3 * SECOND]);
  });
});

describe('withDeadline', () => {
  const late = () => new Error('too late');
  const never = new Promise<string>(() => undefined);

  it('settles as the promise does, and leaves no timer', async () => {
    await expect(withDeadline(Promise.resolve('value'), SECOND, late)).resolves.toBe('value');
    await expect(withDeadline(Promise.reject(new Error('own')), SECOND, late)).rejects.toThrow('own');
  });

  it('rejects at the deadline', async () => {
    const result = expect(withDeadline(never, SECOND, late)).rejects.toThrow('too late');
    await vi.advanceTimersByTimeAsync(SECOND);
    await result;
  });

  it('swallows a rejection that comes after the deadline', async () => {
    let reject: (error: Error) => void = () => undefined;
    const slow = new Promise<string>((_, refuse) => (reject = refuse));
    const result = expect(withDeadline(slow, SECOND, late)).rejects.toThrow('too late');
    await vi.advanceTimersByTimeAsync(SECOND);
    await result;
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    reject(new Error('after the deadline'));
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    vi.useFakeTimers();
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('makes an Error of a rejection that is none', async () => {
    const odd = async () => {
      await Promise.resolve();
      AbortSignal.abort('odd').throwIfAborted();
    };
    await expect(withDeadline(odd(), SECOND, late)).rejects.toEqual(new Error('odd'));
  });
});

describe('delay', () => {
  it('resolves after its time and leaves the signal alone', async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    let over = false;
    void delay(SECOND, controller.signal).then(() => (over = true));
    await vi.advanceTimersByTimeAsync(SECOND - 1);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toBe(true);
    expect(removed).toHaveBeenCalledOnce();
  });

  it('rejects with the reason, now or later', async () => {
    const reason = new Error('destroyed');
    await expect(delay(SECOND, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const result = expect(delay(SECOND, controller.signal)).rejects.toBe(reason);
    controller.abort(reason);
    await result;
  });
});

describe('backoffDelayMs', () => {
  const policy = { firstMs: 1_000, capMs: 30_000 };

  it('doubles its upper bound up to the cap', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999_999_9);
    const delays = [1, 2, 3, 4, 5, 6, 7, 1_000].map((attempt) => backoffDelayMs(attempt, policy));
    vi.mocked(Math.random).mockRestore();
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('spreads over the whole range', () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5);
    expect(backoffDelayMs(3, policy)).toBe(0);
    expect(backoffDelayMs(3, policy)).toBe(2_000);
    vi.mocked(Math.random).mockRestore();
  });
});

describe('randomUuid', () => {
  it('is a version 4 UUID (RFC 9562), new each time', () => {
    const uuids = Array.from({ length: 100 }, randomUuid);
    for (const uuid of uuids) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(new Set(uuids).size).toBe(100);
  });
});

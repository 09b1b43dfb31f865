import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

type Steady = typeof import('../../../src/core/steady-timer');
type Clock = typeof import('../../../src/core/clock');

let startSteadyTimer: Steady['startSteadyTimer'];
let stopTimer: Clock['stopTimer'];

/** A worker whose timers a test lets fire by hand. */
class FakeWorker {
  static readonly all: FakeWorker[] = [];
  readonly armed = new Map<number, number>();
  isTerminated = false;
  onmessage: ((event: { data: number }) => void) | undefined;
  onerror: ((event: { preventDefault(): void }) => void) | undefined;

  constructor(readonly url: string) {
    FakeWorker.all.push(this);
  }

  postMessage([id, delayMs]: [number, number?]): void {
    if (delayMs === undefined) this.armed.delete(id);
    else this.armed.set(id, delayMs);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  fire(id: number): void {
    this.armed.delete(id);
    this.onmessage?.({ data: id });
  }
}

const onlyId = (worker: FakeWorker | undefined): number => [...(worker?.armed.keys() ?? [])][0] ?? -1;

beforeEach(async () => {
  vi.useFakeTimers();
  FakeWorker.all.length = 0;
  // The module keeps one worker for the whole page.
  vi.resetModules();
  ({ startSteadyTimer } = await import('../../../src/core/steady-timer'));
  ({ stopTimer } = await import('../../../src/core/clock'));
});

afterEach(() => {
  // When the worker looks whether it is still needed.
  vi.advanceTimersByTime(1);
  const left = vi.getTimerCount();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  expect(left).toBe(0);
});

describe('where there are no workers', () => {
  it('is a timer of the page', () => {
    const callback = vi.fn();
    startSteadyTimer(1_000, callback);
    vi.advanceTimersByTime(999);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
  });

  it('is stopped like one, twice as well as once, and after it has fired', () => {
    const callback = vi.fn();
    const timer = startSteadyTimer(1_000, callback);
    stopTimer(timer);
    stopTimer(timer);
    vi.advanceTimersByTime(2_000);
    expect(callback).not.toHaveBeenCalled();
    const fired = startSteadyTimer(0, callback);
    vi.advanceTimersByTime(0);
    stopTimer(fired);
    expect(callback).toHaveBeenCalledOnce();
  });
});

describe('where there are workers', () => {
  beforeEach(() => {
    vi.stubGlobal('Worker', FakeWorker);
  });

  it('fires when the worker says so, however late the page is, and once', () => {
    const callback = vi.fn();
    startSteadyTimer(1_000, callback);
    const [worker] = FakeWorker.all;
    expect([...(worker?.armed.values() ?? [])]).toEqual([1_000]);
    const id = onlyId(worker);
    worker?.fire(id);
    worker?.fire(id);
    vi.advanceTimersByTime(60_000);
    expect(callback).toHaveBeenCalledOnce();
  });

  it('fires when the page comes first, and tells the worker', () => {
    const callback = vi.fn();
    startSteadyTimer(1_000, callback);
    const [worker] = FakeWorker.all;
    const id = onlyId(worker);
    vi.advanceTimersByTime(1_000);
    expect(worker?.armed.size).toBe(0);
    worker?.fire(id);
    expect(callback).toHaveBeenCalledOnce();
  });

  it('shares one worker, which ends when nothing waits any more', () => {
    const timers = [1, 2, 3].map((seconds) => startSteadyTimer(seconds * 1_000, () => undefined));
    expect(FakeWorker.all).toHaveLength(1);
    for (const timer of timers) stopTimer(timer);
    vi.advanceTimersByTime(0);
    expect(FakeWorker.all[0]?.isTerminated).toBe(true);
    stopTimer(startSteadyTimer(1_000, () => undefined));
    expect(FakeWorker.all).toHaveLength(2);
  });

  it('keeps the worker while one timer follows another', () => {
    let rounds = 0;
    const next = () => {
      rounds += 1;
      if (rounds < 5) startSteadyTimer(1_000, next);
    };
    next();
    vi.advanceTimersByTime(10_000);
    expect(rounds).toBe(5);
    expect(FakeWorker.all).toHaveLength(1);
  });

  it('does not call back after it was stopped, though the message was on its way', () => {
    const callback = vi.fn();
    const timer = startSteadyTimer(1_000, callback);
    const [worker] = FakeWorker.all;
    const id = onlyId(worker);
    stopTimer(timer);
    worker?.fire(id);
    expect(callback).not.toHaveBeenCalled();
  });

  it('goes on without the worker when a policy refuses it later, quietly and for good', () => {
    const callback = vi.fn();
    startSteadyTimer(1_000, callback);
    const preventDefault = vi.fn();
    FakeWorker.all[0]?.onerror?.({ preventDefault });
    expect(preventDefault).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1_000);
    expect(callback).toHaveBeenCalledOnce();
    startSteadyTimer(0, callback);
    vi.advanceTimersByTime(0);
    expect(callback).toHaveBeenCalledTimes(2);
    expect(FakeWorker.all).toHaveLength(1);
  });

  it('leaves the address of its source to nobody', () => {
    const revoked = vi.spyOn(URL, 'revokeObjectURL');
    stopTimer(startSteadyTimer(1_000, () => undefined));
    expect(revoked).toHaveBeenCalledExactlyOnceWith(FakeWorker.all[0]?.url);
  });
});

it('is a timer of the page where the constructor throws', () => {
  const construct = vi.fn(function refuse() {
    throw new DOMException('refused', 'SecurityError');
  });
  vi.stubGlobal('Worker', construct);
  const callback = vi.fn();
  startSteadyTimer(1_000, callback);
  startSteadyTimer(1_000, callback);
  vi.advanceTimersByTime(1_000);
  expect(callback).toHaveBeenCalledTimes(2);
  expect(construct).toHaveBeenCalledOnce();
});

it('an alarm rings in time where the timers of the page are throttled', async () => {
  vi.stubGlobal('Worker', FakeWorker);
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => 0 as never);
  const { Alarm } = await import('../../../src/core/alarm');
  const callback = vi.fn();
  new Alarm(callback).set(Date.now() + 10_000);
  const [worker] = FakeWorker.all;
  expect([...(worker?.armed.values() ?? [])]).toEqual([10_000]);
  vi.setSystemTime(Date.now() + 10_000);
  worker?.fire(onlyId(worker));
  expect(callback).toHaveBeenCalledOnce();
  vi.mocked(setTimeout).mockRestore();
});

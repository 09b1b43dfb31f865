import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claim } from '../../../src/tabs/claim';
import { FakeLocks } from '../../support/web-locks';

let locks: FakeLocks;

beforeEach(() => {
  vi.useFakeTimers();
  locks = new FakeLocks();
  vi.stubGlobal('navigator', { locks });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('claim()', () => {
  it('holds the name until it is released', async () => {
    const release = await claim('a', 1_000);
    expect(locks.heldNames).toEqual(['a']);
    release?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(locks.heldNames).toEqual([]);
  });

  it('gives one of two pages that ask at once the name', async () => {
    const both = Promise.all([claim('a', 1_000), claim('a', 1_000)]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await both).filter(Boolean)).toHaveLength(1);
  });

  it('waits for the page that is on its way out', async () => {
    await claim('a', 1_000);
    const next = claim('a', 1_000);
    await vi.advanceTimersByTimeAsync(500);
    locks.unload();
    await vi.advanceTimersByTimeAsync(0);
    expect(await next).toBeTypeOf('function');
  });

  it('does not wait where it is not asked to', async () => {
    await claim('a', 1_000);
    expect(await claim('a', 0)).toBeUndefined();
    expect(await claim('b', 0)).toBeTypeOf('function');
  });

  it.each([
    ['no navigator', undefined],
    ['no locks', {}],
    [
      'locks that refuse',
      { locks: { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } },
    ],
  ])('is undefined with %s', async (_what, navigator) => {
    vi.stubGlobal('navigator', navigator);
    expect(await claim('a', 1_000)).toBeUndefined();
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WakefulLock } from '../../../src/tabs/wakeful-lock';

/** The part of a LockManager that matters: shared requests are granted at once, unless one holds it alone. */
class FakeLocks {
  readonly held = new Set<string>();
  readonly requests: string[] = [];
  failure: Error | undefined;

  async request(
    name: string,
    options: { mode: string; signal: AbortSignal },
    callback: () => Promise<void>,
  ): Promise<void> {
    this.requests.push(`${options.mode} ${name}`);
    await Promise.resolve();
    if (this.failure) throw this.failure;
    options.signal.throwIfAborted();
    this.held.add(name);
    await callback();
    this.held.delete(name);
  }
}

let locks: FakeLocks;
let lock: WakefulLock;

beforeEach(() => {
  locks = new FakeLocks();
  lock = new WakefulLock();
  vi.stubGlobal('navigator', { locks });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the lock', () => {
  it('is held from acquire() to release(), shared with other tabs', async () => {
    lock.acquire();
    await settled();
    expect(locks.held.size).toBe(1);
    expect(locks.requests).toEqual(['shared 2chat-voice-awake']);
    lock.release();
    await settled();
    expect(locks.held.size).toBe(0);
  });

  it('is asked for once, however often', async () => {
    lock.acquire();
    lock.acquire();
    await settled();
    expect(locks.requests).toHaveLength(1);
  });

  it('is not held when it was released before it was granted', async () => {
    lock.acquire();
    lock.release();
    await settled();
    expect(locks.held.size).toBe(0);
  });

  it('can be taken again', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      lock.acquire();
      await settled();
      expect(locks.held.size).toBe(1);
      lock.release();
      await settled();
      expect(locks.held.size).toBe(0);
    }
  });

  it('may be released when nobody holds it', async () => {
    lock.release();
    await settled();
    expect(locks.requests).toEqual([]);
  });

  it('that the browser refuses is nothing that anybody hears of', async () => {
    locks.failure = new DOMException('opaque origin', 'SecurityError');
    lock.acquire();
    await settled();
    lock.release();
    expect(locks.held.size).toBe(0);
  });
});

it.each([
  ['a browser without Web Locks', {}],
  ['no browser', undefined],
])('%s: it does nothing', (_what, navigator) => {
  vi.stubGlobal('navigator', navigator);
  lock.acquire();
  lock.release();
  expect(locks.requests).toEqual([]);
});

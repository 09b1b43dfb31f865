import { describe, expect, it } from 'vitest';
import { loadOnce } from '../../../src/core/load-once';

describe('what is loaded once', () => {
  it('is loaded once for all who ask, at once or later', async () => {
    let loads = 0;
    const load = loadOnce(() => Promise.resolve(++loads));
    expect(await Promise.all([load(), load()])).toEqual([1, 1]);
    expect(await load()).toBe(1);
  });

  it('fails for all who wait, and is tried again for the next', async () => {
    let loads = 0;
    const load = loadOnce(() =>
      ++loads === 1 ? Promise.reject(new Error('offline')) : Promise.resolve(loads),
    );
    const both = await Promise.allSettled([load(), load()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await load()).toBe(2);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Disposer } from '../../../src/core/disposer';
import { SerialQueue } from '../../../src/core/serial-queue';
import { SurfacedPromise } from '../../../src/core/surfaced-promise';

/** Two turns of the timer queue: surfacing takes one. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('SurfacedPromise', () => {
  const failure = new Error('no');
  const unhandled = vi.fn();
  let surfaced: unknown[];
  const failing = () =>
    SurfacedPromise.from<number>(Promise.reject(failure), (error) => {
      surfaced.push(error);
    });

  beforeEach(() => {
    surfaced = [];
    unhandled.mockClear();
    process.on('unhandledRejection', unhandled);
  });

  afterEach(() => {
    process.off('unhandledRejection', unhandled);
  });

  it('is an ordinary promise while all goes well', async () => {
    const promise = SurfacedPromise.from(Promise.resolve(7), (error) => surfaced.push(error));
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(7);
    expect(await promise.then((value) => value + 1)).toBe(8);
    await turns();
    expect(surfaced).toEqual([]);
  });

  it('rejects to the one who awaits it, and does not surface', async () => {
    await expect(failing()).rejects.toBe(failure);
    await turns();
    expect(surfaced).toEqual([]);
  });

  it('surfaces once, and is not an unhandled rejection, when nobody looks', async () => {
    void failing();
    await turns();
    expect(surfaced).toEqual([failure]);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('counts catch(), finally() and Promise.all as looking', async () => {
    await failing().catch(() => undefined);
    await failing()
      .finally(() => undefined)
      .catch(() => undefined);
    await Promise.all([failing()]).catch(() => undefined);
    await Promise.allSettled([failing(), failing()]);
    await turns();
    expect(surfaced).toEqual([]);
  });

  it('hands the rejection through an async function that returns it', async () => {
    const facade = async () => failing();
    await expect(facade()).rejects.toBe(failure);
    await turns();
    expect(surfaced).toEqual([]);
  });

  it('still rejects to one who looks after it surfaced', async () => {
    const promise = failing();
    await turns();
    expect(surfaced).toEqual([failure]);
    await expect(promise).rejects.toBe(failure);
    await turns();
    expect(surfaced).toEqual([failure]);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('surfaces a failure that comes long after the call, unless somebody looked meanwhile', async () => {
    let reject: (error: Error) => void = () => undefined;
    const slow = () => new Promise<number>((_, refuse) => (reject = refuse));
    void SurfacedPromise.from(slow(), (error) => surfaced.push(error));
    await turns();
    reject(failure);
    await turns();
    expect(surfaced).toEqual([failure]);

    const seen = SurfacedPromise.from(slow(), (error) => surfaced.push(error)).catch(() => 'seen');
    await turns();
    reject(failure);
    expect(await seen).toBe('seen');
    await turns();
    expect(surfaced).toHaveLength(1);
  });

  it('chains ordinary promises', () => {
    const chained = SurfacedPromise.from(Promise.resolve(1), () => undefined).then(() => undefined);
    expect(chained).not.toBeInstanceOf(SurfacedPromise);
  });
});

describe('SerialQueue', () => {
  it('runs one task at a time, in order, whatever each takes', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    const task = (name: string, turnsTaken: number) => async () => {
      log.push(`${name} begins`);
      for (let turn = 0; turn < turnsTaken; turn += 1) await Promise.resolve();
      log.push(`${name} ends`);
      return name;
    };
    const results = await Promise.all([
      queue.run(task('a', 9)),
      queue.run(task('b', 0)),
      queue.run(task('c', 3)),
    ]);
    expect(results).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('goes on after a task that rejects or throws, and tells only its caller', async () => {
    const queue = new SerialQueue();
    const rejecting = queue.run(() => Promise.reject(new Error('rejected')));
    const throwing = queue.run(() => {
      throw new Error('thrown');
    });
    const fine = queue.run(() => Promise.resolve('fine'));
    await expect(rejecting).rejects.toThrow('rejected');
    await expect(throwing).rejects.toThrow('thrown');
    await expect(fine).resolves.toBe('fine');
  });

  it('takes tasks from within a task, after those that wait already', async () => {
    const queue = new SerialQueue();
    const log: number[] = [];
    const push = (value: number) => () => Promise.resolve(log.push(value));
    let inner: Promise<unknown> | undefined;
    const outer = queue.run(() => {
      inner = queue.run(push(3));
      return push(1)();
    });
    await Promise.all([outer, queue.run(push(2))]);
    await inner;
    expect(log).toEqual([1, 2, 3]);
  });
});

describe('Disposer', () => {
  it('gives back in reverse order, once', () => {
    const disposer = new Disposer();
    const log: number[] = [];
    disposer.add(() => log.push(1));
    disposer.add(() => log.push(2));
    expect(disposer.disposed).toBe(false);
    disposer.dispose();
    disposer.dispose();
    expect(log).toEqual([2, 1]);
    expect(disposer.disposed).toBe(true);
  });

  it('gives back at once what comes too late', () => {
    const disposer = new Disposer();
    disposer.dispose();
    const release = vi.fn();
    disposer.add(release);
    expect(release).toHaveBeenCalledOnce();
  });

  it('removes the listeners that it added', () => {
    const disposer = new Disposer();
    const target = new EventTarget();
    const heard = vi.fn();
    disposer.listen(target, 'ping', heard);
    disposer.listen(undefined, 'ping', heard);
    target.dispatchEvent(new Event('ping'));
    disposer.dispose();
    target.dispatchEvent(new Event('ping'));
    expect(heard).toHaveBeenCalledOnce();
  });

  it('gives back the rest although one release throws, and says so in the end', () => {
    const disposer = new Disposer();
    const release = vi.fn();
    disposer.add(release);
    disposer.add(() => {
      throw new Error('stuck');
    });
    disposer.add(release);
    expect(() => {
      disposer.dispose();
    }).toThrow('stuck');
    expect(release).toHaveBeenCalledTimes(2);
  });
});

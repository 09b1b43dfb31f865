import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AudioLevel } from '../../../src/media/meters/audio-level';
import { measureLevel } from '../../../src/media/meters/measure-level';
import { FakeMedia } from '../../support/fake-media';
import { FakeWorklets } from '../../support/fake-worklets';
import { settle } from '../../support/wire/next-task';

let media: FakeMedia;
let worklets: FakeWorklets;
let levels: AudioLevel[];
const onLevel = (level: AudioLevel) => {
  levels.push(level);
};

beforeEach(() => {
  media = FakeMedia.install();
  worklets = FakeWorklets.install();
  levels = [];
});

afterEach(() => {
  expect(worklets.open).toEqual([]);
  expect(worklets.running).toEqual([]);
  expect(media.listeners).toBe(0);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  media.uninstall();
});

function track(): MediaStreamTrack {
  return media.remoteStream().getTracks()[0] as MediaStreamTrack;
}

describe('a level', () => {
  it.each([
    ['a full-scale square wave', 1, 1, { levelDbfs: 0, peakDbfs: 0 }],
    ['a full-scale sine', 0.5, 1, { levelDbfs: -3, peakDbfs: 0 }],
    ['a sine of half the amplitude', 0.125, 0.5, { levelDbfs: -9, peakDbfs: -6 }],
    ['digital silence', 0, 0, { levelDbfs: -100, peakDbfs: -100 }],
    ['less than 16 bits can say', 1e-12, 1e-6, { levelDbfs: -100, peakDbfs: -100 }],
    ['more than full scale', 4, 2, { levelDbfs: 0, peakDbfs: 0 }],
    ['what is no number', NaN, NaN, { levelDbfs: -100, peakDbfs: -100 }],
    ['no number of another kind', Infinity, -1, { levelDbfs: 0, peakDbfs: 0 }],
  ])('of %s', async (_, meanSquare, peak, level) => {
    const measured = track();
    const stop = measureLevel(measured, onLevel);
    await settle();
    worklets.measured(measured, meanSquare, peak);
    expect(levels).toEqual([level]);
    stop();
  });

  it('is of the track that was asked for, which goes on', async () => {
    const [one, other] = [track(), track()];
    const stops = [measureLevel(one, onLevel), measureLevel(other, () => undefined)];
    await settle();
    worklets.measured(other, 1);
    expect(levels).toEqual([]);
    worklets.measured(one, 1);
    expect(levels).toHaveLength(1);
    for (const stop of stops) stop();
    expect([one.readyState, other.readyState]).toEqual(['live', 'live']);
  });

  it('comes from a node that cannot be heard, in a context without a speaker', async () => {
    const stop = measureLevel(track(), onLevel);
    await settle();
    expect(worklets.nodes[0]?.options.numberOfOutputs).toBe(0);
    expect(worklets.contexts[0]?.options).toMatchObject({ sinkId: { type: 'none' } });
    stop();
  });
});

describe('the audio context', () => {
  it('is one for all, and closed with the last of them', async () => {
    const stops = Array.from({ length: 20 }, () => measureLevel(track(), onLevel));
    await settle();
    expect(worklets.contexts).toHaveLength(1);
    expect(worklets.contexts[0]?.modules).toHaveLength(1);
    expect(worklets.running).toHaveLength(20);
    expect(worklets.nodes).toHaveLength(3);
    const last = stops.pop();
    for (const stop of stops) stop();
    expect(worklets.open).toHaveLength(1);
    expect(worklets.running).toHaveLength(1);
    last?.();
  });

  it('is another one after that', async () => {
    for (let round = 1; round <= 50; round += 1) {
      const stop = measureLevel(track(), onLevel);
      await settle(2);
      expect(worklets.open).toHaveLength(1);
      expect(worklets.running).toHaveLength(1);
      stop();
      expect(worklets.open).toEqual([]);
    }
    expect(worklets.contexts).toHaveLength(50);
  });

  it('counts a meter that is stopped twice once', async () => {
    const stop = measureLevel(track(), onLevel);
    const other = measureLevel(track(), onLevel);
    stop();
    stop();
    await settle();
    expect(worklets.running).toHaveLength(1);
    other();
  });

  it('is closed when nobody waits for it any more, and nothing is made in it then', async () => {
    let loaded: () => void = () => undefined;
    worklets.loading = new Promise((resolve) => {
      loaded = resolve;
    });
    measureLevel(track(), onLevel)();
    expect(worklets.open).toEqual([]);
    const stop = measureLevel(track(), onLevel);
    loaded();
    await settle();
    expect(worklets.contexts).toHaveLength(2);
    expect(worklets.nodes).toHaveLength(1);
    stop();
  });

  it('runs from the first gesture on where the browser wants one, and again after an interruption', async () => {
    worklets.mayPlay = false;
    const stop = measureLevel(track(), onLevel);
    await settle();
    const [context] = worklets.contexts;
    expect(context?.state).toBe('suspended');
    media.uselessGesture();
    expect(context?.state).toBe('suspended');
    worklets.mayPlay = true;
    media.gesture();
    expect(context?.state).toBe('running');
    expect(media.document.listenerCount()).toBe(0);
    context?.become('suspended');
    expect(context?.state).toBe('running');
    stop();
  });

  it('leaves no listener behind where the gesture never comes', async () => {
    worklets.mayPlay = false;
    const stop = measureLevel(track(), onLevel);
    await settle();
    expect(media.document.listenerCount()).toBeGreaterThan(0);
    stop();
    expect(worklets.contexts[0]?.listenerCount()).toBe(0);
  });
});

describe('stopping', () => {
  it('ends the measuring, and what was on its way is not said any more', async () => {
    const measured = track();
    const other = measureLevel(track(), () => undefined);
    const stop = measureLevel(measured, onLevel);
    await settle();
    const [node] = worklets.nodes;
    const id = worklets.running.find(({ tracks }) => tracks.includes(measured))?.id;
    stop();
    expect(worklets.running).toHaveLength(1);
    expect(node?.sources.size).toBe(1);
    node?.port.onmessage?.({ data: [id, 1, 1] });
    expect(levels).toEqual([]);
    other();
  });

  it('makes room on the same node, whose next track gets nothing of the one before', async () => {
    const keep = measureLevel(track(), () => undefined);
    for (let round = 0; round < 30; round += 1) {
      const measured = track();
      const stop = measureLevel(measured, onLevel);
      await settle(2);
      const id = worklets.running.at(-1)?.id ?? 0;
      worklets.nodes[0]?.port.onmessage?.({ data: [id - 1, 1, 1, id, 0, 0] });
      expect(levels.splice(0)).toEqual([{ levelDbfs: -100, peakDbfs: -100 }]);
      stop();
    }
    expect(worklets.nodes).toHaveLength(1);
    keep();
  });

  it('is possible from within a level', async () => {
    const measured = track();
    const stop = measureLevel(measured, (level) => {
      levels.push(level);
      stop();
    });
    await settle();
    worklets.measured(measured, 1);
    worklets.measured(measured, 1);
    expect(levels).toHaveLength(1);
  });
});

describe('where it cannot be measured', () => {
  const onError = vi.fn<(error: unknown) => void>();

  beforeEach(() => {
    onError.mockClear();
  });

  it.each(['AudioContext', 'AudioWorkletNode'])('for want of %s, it says so once', async (name) => {
    vi.stubGlobal(name, undefined);
    const stop = measureLevel(track(), onLevel, { onError });
    await settle();
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'UNSUPPORTED' }));
    stop();
    expect(onError).toHaveBeenCalledOnce();
  });

  it('because the policy of the page refuses the module, with the cause; later it is tried again', async () => {
    worklets.refusesModules = true;
    measureLevel(track(), onLevel, { onError });
    measureLevel(track(), onLevel, { onError });
    await settle();
    expect(onError).toHaveBeenCalledTimes(2);
    const [error] = onError.mock.calls[0] as [{ code: string; message: string; cause: Error }];
    expect(error).toMatchObject({ code: 'UNSUPPORTED', cause: { name: 'AbortError' } });
    expect(error.message).toContain('script-src');
    expect(worklets.open).toEqual([]);

    worklets.refusesModules = false;
    const measured = track();
    const stop = measureLevel(measured, onLevel, { onError });
    await settle();
    worklets.measured(measured, 1);
    expect(levels).toHaveLength(1);
    stop();
  });

  it('says nothing to who has left, and to who did not ask', async () => {
    worklets.refusesModules = true;
    measureLevel(track(), onLevel, { onError })();
    const stop = measureLevel(track(), onLevel);
    await settle();
    expect(onError).not.toHaveBeenCalled();
    stop();
  });

  it('because the processor broke, it is over for all that it measured; another begins with a new one', async () => {
    measureLevel(track(), onLevel, { onError });
    measureLevel(track(), onLevel, { onError });
    await settle();
    worklets.nodes[0]?.onprocessorerror?.();
    expect(onError).toHaveBeenCalledTimes(2);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'UNSUPPORTED' }));
    const stop = measureLevel(track(), onLevel, { onError });
    await settle();
    expect(worklets.running[0]?.node).toBe(worklets.nodes[1]);
    stop();
  });

  it('because the browser does not take this track, the others go on', async () => {
    const stop = measureLevel(track(), onLevel);
    await settle();
    const context = worklets.contexts[0];
    vi.spyOn(
      context as object as { createMediaStreamSource(): unknown },
      'createMediaStreamSource',
    ).mockImplementation(() => {
      throw new DOMException('another sample rate', 'NotSupportedError');
    });
    measureLevel(track(), onLevel, { onError });
    await settle();
    expect(onError).toHaveBeenCalledOnce();
    expect(worklets.running).toHaveLength(1);
    stop();
  });
});

describe('the module', () => {
  it('is made on the spot, and its URL is given back', async () => {
    const made = vi.spyOn(URL, 'createObjectURL');
    const revoked = vi.spyOn(URL, 'revokeObjectURL');
    const stop = measureLevel(track(), onLevel);
    await settle();
    expect(worklets.contexts[0]?.modules).toEqual([made.mock.results[0]?.value]);
    stop();
    expect(revoked).toHaveBeenCalledExactlyOnceWith(made.mock.results[0]?.value);
  });

  it('is the copy that the page has, where it names one', async () => {
    const made = vi.spyOn(URL, 'createObjectURL');
    const stop = measureLevel(track(), onLevel, { workletUrl: '/level-worklet.js' });
    await settle();
    expect(worklets.contexts[0]?.modules).toEqual(['/level-worklet.js']);
    expect(made).not.toHaveBeenCalled();
    stop();
  });
});

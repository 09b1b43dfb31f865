import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createNoiseSuppression } from '../../../src/noise-suppression/noise-suppression';

let contexts: Context[];

/** A browser whose audio thread never loads the worklet. */
class Context {
  readonly state = 'running';
  isClosed = false;
  readonly audioWorklet = { addModule: () => new Promise<void>(() => undefined) };
  constructor() {
    contexts.push(this);
  }
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

beforeEach(() => {
  contexts = [];
  vi.useFakeTimers();
  vi.stubGlobal('AudioContext', Context);
  vi.stubGlobal('AudioWorkletNode', vi.fn());
  vi.doMock('../../../src/noise-suppression/assets', () => ({
    assets: { wasm: new Uint8Array(), worklet: '' },
  }));
});
afterEach(async () => {
  await vi.dynamicImportSettled();
  vi.doUnmock('../../../src/noise-suppression/assets');
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a worklet that never answers fails, and its audio context is closed', async () => {
  const suppression = createNoiseSuppression({ workletUrl: '/worklet.js' });
  const failed = vi.fn();
  await suppression.load();
  suppression.process({} as MediaStreamTrack).catch(failed);
  await vi.advanceTimersByTimeAsync(9_900);
  expect([failed.mock.calls.length, contexts.map(({ isClosed }) => isClosed)]).toEqual([0, [false]]);
  await vi.advanceTimersByTimeAsync(200);
  expect(failed).toHaveBeenCalledWith(expect.objectContaining({ message: 'The AudioWorklet is silent.' }));
  expect(contexts.map(({ isClosed }) => isClosed)).toEqual([true]);
  expect(vi.getTimerCount()).toBe(0);
});

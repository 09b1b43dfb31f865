import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testOutput } from '../../../src/media/audio-tests';
import { FakeAudioElementWithOutput, type PlaybackRules } from '../../support/fake-audio-element';

let elements: FakeAudioElementWithOutput[];
let contexts: Context[];

class Context {
  isClosed = false;
  constructor() {
    contexts.push(this);
  }
  createMediaStreamDestination = () => ({ stream: { getTracks: () => [] } });
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** A browser whose audio service leaves some questions unanswered. */
function hangingBrowser(hangs: Partial<PlaybackRules>): void {
  const rules: PlaybackRules = {
    autoplayAllowed: true,
    blockedUrls: new Set(),
    brokenUrls: new Set(),
    holdPlay: false,
    holdOutput: false,
    hasOutput: () => true,
    ...hangs,
  };
  class Element extends FakeAudioElementWithOutput {
    constructor() {
      super(rules);
      elements.push(this);
    }
  }
  vi.stubGlobal('Audio', Element);
  vi.stubGlobal('AudioContext', Context);
}

beforeEach(() => {
  vi.useFakeTimers();
  elements = [];
  contexts = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test.each([
  ['play', { holdPlay: true }, 'AUDIO_FAILED'],
  ['setSinkId', { holdOutput: true }, 'OUTPUT_DEVICE_FAILED'],
] as const)(
  'a speaker whose %s never answers fails the test after 5 s, and nothing stays open',
  async (_, hangs, code) => {
    hangingBrowser(hangs);
    const failed = vi.fn();
    testOutput({ deviceId: 'speaker', signal: new AbortController().signal }).catch(failed);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code }));
    expect(contexts.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(elements.map(({ paused, srcObject }) => [paused, srcObject])).toEqual([[true, null]]);
    expect(vi.getTimerCount()).toBe(0);
  },
);

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VoiceSDKError } from '../../../src/core/errors';
import { Logger } from '../../../src/core/logger';
import { AutoplayGate } from '../../../src/media/autoplay-gate';
import { Ringtone } from '../../../src/media/ringtone';
import { FakeMedia } from '../../support/fake-media';

const logger = new Logger('silent');
const url = 'https://example.test/ring.mp3';
let media: FakeMedia;
let autoplay: AutoplayGate;
let ringtone: Ringtone;
let events: string[];
let failures: VoiceSDKError[];

beforeEach(() => {
  media = FakeMedia.install();
  autoplay = new AutoplayGate({ logger });
  ringtone = new Ringtone({ url, logger, autoplay });
  events = [];
  failures = [];
  ringtone
    .on('blocked', () => events.push('blocked'))
    .on('unblocked', () => events.push('unblocked'))
    .on('failed', (error) => failures.push(error));
});

afterEach(() => {
  ringtone.dispose();
  autoplay.dispose();
  expect(media.heldElements).toHaveLength(0);
  expect(media.listeners).toBe(0);
  media.uninstall();
});

/** Lets everything that is already settled be heard. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('loads nothing before it rings, then loops', () => {
  expect(media.elements).toHaveLength(0);
  ringtone.start();
  expect(media.element).toMatchObject({ src: url, loop: true, isAudible: true });
});

it('uses one element for every ring, each from the beginning', () => {
  ringtone.start();
  media.element.currentTime = 3;
  ringtone.stop();
  expect(media.element).toMatchObject({ paused: true, currentTime: 0 });
  ringtone.start();
  ringtone.start();
  expect(media.elements).toHaveLength(1);
  expect(media.element.plays).toBe(2);
});

it('stops at once while play() has not been answered', async () => {
  media.holdPlay = true;
  ringtone.start();
  ringtone.stop();
  expect(media.element.paused).toBe(true);
  media.element.settlePlay();
  await settled();
  expect(media.element.paused).toBe(true);
  expect(events).toEqual([]);
  expect(failures).toEqual([]);
});

it('rings after start, stop, start in one turn', async () => {
  media.holdPlay = true;
  ringtone.start();
  ringtone.stop();
  ringtone.start();
  media.element.settlePlay();
  await settled();
  expect(media.element.isAudible).toBe(true);
  expect(failures).toEqual([]);
});

it('is silent after start, stop, start, stop in one turn', async () => {
  media.holdPlay = true;
  for (let round = 0; round < 2; round += 1) {
    ringtone.start();
    ringtone.stop();
  }
  media.element.settlePlay();
  await settled();
  expect(media.element.paused).toBe(true);
});

it('does nothing without a URL', async () => {
  const silent = new Ringtone({ logger, autoplay });
  silent.start();
  await silent.setOutputDevices(['headset-ear']);
  silent.stop();
  silent.dispose();
  expect(media.elements).toHaveLength(0);
});

describe('blocked by the browser', () => {
  beforeEach(() => {
    media.autoplayAllowed = false;
  });

  it('is reported, not thrown, and rings at the next gesture', async () => {
    ringtone.start();
    await settled();
    expect(events).toEqual(['blocked']);
    media.gesture();
    await settled();
    expect(events).toEqual(['blocked', 'unblocked']);
    expect(media.element.isAudible).toBe(true);
  });

  it('does not ring at a gesture after it was stopped', async () => {
    ringtone.start();
    await settled();
    ringtone.stop();
    media.gesture();
    await settled();
    expect(media.element.paused).toBe(true);
    expect(events).toEqual(['blocked']);
  });

  it('does not wait for a gesture when it was stopped before the browser said no', async () => {
    ringtone.start();
    ringtone.stop();
    await settled();
    expect(events).toEqual([]);
    expect(media.document.listenerCount()).toBe(0);
  });
});

describe('a sound that cannot be played', () => {
  it('is reported once, as AUDIO_FAILED', async () => {
    media.brokenUrls.add(url);
    ringtone.start();
    await settled();
    expect(failures.map((error) => error.code)).toEqual(['AUDIO_FAILED']);
    expect(events).toEqual([]);
  });

  it('is tried again at the next ring', async () => {
    media.brokenUrls.add(url);
    ringtone.start();
    await settled();
    media.brokenUrls.clear();
    ringtone.start();
    await settled();
    expect(media.element.isAudible).toBe(true);
    expect(failures).toHaveLength(1);
  });

  it('is reported when loading breaks off while it rings', async () => {
    ringtone.start();
    media.element.breakOff();
    await settled();
    expect(failures.map((error) => error.code)).toEqual(['AUDIO_FAILED']);
    expect(media.element.paused).toBe(true);
  });

  it('is not reported when nobody rings', async () => {
    ringtone.start();
    ringtone.stop();
    media.element.breakOff();
    await settled();
    expect(failures).toEqual([]);
  });

  it('is reported where there is no audio playback at all', () => {
    media.uninstall();
    ringtone.start();
    expect(failures).toMatchObject([{ code: 'AUDIO_FAILED', cause: { code: 'BROWSER_UNSUPPORTED' } }]);
  });
});

describe('a file that does not come', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    media.holdPlay = true;
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('has failed after 2 s of ringing', async () => {
    ringtone.start();
    await vi.advanceTimersByTimeAsync(1_990);
    expect(failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(failures).toMatchObject([{ code: 'AUDIO_FAILED' }]);
    media.element.settlePlay();
    await settled();
    expect(media.element.paused).toBe(true);
  });

  it('has not failed when it came in time, when nobody rings any more, or while a gesture is waited for', async () => {
    ringtone.start();
    await vi.advanceTimersByTimeAsync(1_900);
    media.element.settlePlay();
    await vi.advanceTimersByTimeAsync(5_000);
    ringtone.stop();
    ringtone.start();
    await vi.advanceTimersByTimeAsync(1_900);
    ringtone.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    media.autoplayAllowed = false;
    ringtone.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events).toEqual(['blocked']);
    expect(failures).toEqual([]);
    media.gesture();
    await vi.advanceTimersByTimeAsync(2_100);
    expect(failures).toHaveLength(1);
  });

  it('of another address at each change has its own two seconds', async () => {
    ringtone.start();
    await vi.advanceTimersByTimeAsync(1_500);
    ringtone.setUrl('https://example.test/other.mp3');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(600);
    expect(failures).toHaveLength(1);
  });

  it('is no matter of a sound that was made here', async () => {
    ringtone.setUrl('blob:https://example.test/1');
    ringtone.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failures).toEqual([]);
    ringtone.stop();
  });
});

it('loads its file before it rings where it is told to, once, and without a sound', async () => {
  ringtone.load();
  ringtone.load();
  await settled();
  expect(media.elements).toHaveLength(1);
  expect(media.element).toMatchObject({ src: url, loads: 1, plays: 0, paused: true });
  ringtone.start();
  expect(media.element).toMatchObject({ loads: 1, isAudible: true });
  const silent = new Ringtone({ logger, autoplay });
  silent.load();
  silent.dispose();
  silent.load();
  expect(media.elements).toHaveLength(1);
});

it('that could not be loaded early is loaded once more to ring', async () => {
  ringtone.load();
  media.element.breakOff();
  await settled();
  expect(failures).toEqual([]);
  ringtone.start();
  await settled();
  expect(media.element.isAudible).toBe(true);
});

it('rings on its own output', async () => {
  await ringtone.setOutputDevices(['desk-speaker']);
  ringtone.start();
  expect(media.outputElement.sinkId).toBe('desk-speaker');
  await expect(ringtone.setOutputDevices(['gone'])).rejects.toMatchObject({ code: 'OUTPUT_DEVICE_FAILED' });
});

describe('with an output to begin with', () => {
  const withOutput = (...outputDeviceIds: string[]) => {
    ringtone.dispose();
    ringtone = new Ringtone({ url, outputDeviceIds, logger, autoplay });
    ringtone.on('failed', (error) => failures.push(error));
  };

  it('opens nothing before it rings, and rings there', async () => {
    withOutput('desk-speaker');
    await settled();
    expect(media.elements).toHaveLength(0);
    ringtone.start();
    await settled();
    expect(media.outputElement).toMatchObject({ sinkId: 'desk-speaker', isAudible: true });
    ringtone.stop();
    ringtone.start();
    await settled();
    expect(media.outputElement.sinkRequests).toEqual(['desk-speaker']);
  });

  it('rings on the default one when it is not there, and there once it is', async () => {
    withOutput('new-ear');
    ringtone.start();
    await settled();
    expect(media.outputElement).toMatchObject({ sinkId: '', isAudible: true });
    expect(failures).toEqual([]);
    ringtone.stop();
    media.plug({ deviceId: 'new-ear', kind: 'audiooutput', label: 'New', groupId: 'new' });
    ringtone.start();
    await settled();
    expect(media.outputElement.sinkId).toBe('new-ear');
  });

  it('takes the one that is chosen before it rings', async () => {
    withOutput('desk-speaker');
    await ringtone.setOutputDevices(['headset-ear']);
    ringtone.start();
    await settled();
    expect(media.outputElement.sinkRequests).toEqual(['headset-ear']);
  });
});

describe('another sound', () => {
  const other = 'https://example.test/other.mp3';

  it('takes the place of the one that rings, on the same output', async () => {
    await ringtone.setOutputDevices(['desk-speaker']);
    ringtone.start();
    ringtone.setUrl(other);
    expect(media.elements).toHaveLength(1);
    expect(media.outputElement).toMatchObject({ src: other, isAudible: true, sinkId: 'desk-speaker' });
  });

  it('that is the same one goes on without a break', () => {
    ringtone.start();
    ringtone.setUrl(url);
    expect(media.element.plays).toBe(1);
  });

  it('is none: silent at once, and until there is one', () => {
    ringtone.start();
    ringtone.setUrl(undefined);
    expect(media.element.paused).toBe(true);
    ringtone.start();
    expect(media.element.paused).toBe(true);
    ringtone.setUrl(other);
    ringtone.start();
    expect(media.element).toMatchObject({ src: other, isAudible: true });
  });

  it('comes to one that began without, on the output that was chosen before', async () => {
    const late = new Ringtone({ logger, autoplay });
    await late.setOutputDevices(['headset-ear']);
    late.setUrl(other);
    late.start();
    await settled();
    expect(media.outputElement).toMatchObject({ src: other, sinkId: 'headset-ear', isAudible: true });
    late.dispose();
    late.setUrl(url);
    late.prime();
    expect(media.element.src).toBe('');
  });
});

describe('primed', () => {
  it('is silent, and rings from the beginning', async () => {
    ringtone.prime();
    expect(media.element).toMatchObject({ muted: true });
    await settled();
    expect(media.element).toMatchObject({ muted: false, paused: true, currentTime: 0 });
    ringtone.start();
    expect(media.element.isAudible).toBe(true);
  });

  it('while it rings, nothing changes; when it rings meanwhile, it is heard', async () => {
    media.holdPlay = true;
    ringtone.prime();
    ringtone.start();
    media.element.settlePlay();
    await settled();
    expect(media.element).toMatchObject({ muted: false, isAudible: true });
    ringtone.prime();
    expect(media.element).toMatchObject({ muted: false, plays: 2 });
  });

  it('without a file yet, it is the same element that rings later', async () => {
    const late = new Ringtone({ logger, autoplay });
    late.prime();
    const { element } = media;
    expect(element).toMatchObject({ muted: true, plays: 1 });
    expect(element.src).toMatch(/^blob:/);
    late.setUrl(url);
    late.start();
    await settled();
    expect(media.elements).toEqual([element]);
    expect(element).toMatchObject({ src: url, muted: false, isAudible: true });
    late.dispose();
  });

  it('outside a gesture or without playback does nothing', async () => {
    media.autoplayAllowed = false;
    ringtone.prime();
    await settled();
    expect(events).toEqual([]);
    media.uninstall();
    const mute = new Ringtone({ url, logger, autoplay });
    mute.prime();
    mute.dispose();
  });
});

it('gives the file back on dispose and never rings again', () => {
  ringtone.start();
  ringtone.dispose();
  ringtone.dispose();
  ringtone.start();
  ringtone.stop();
  expect(media.elements).toHaveLength(1);
  expect(media.element).toMatchObject({ paused: true, src: '' });
});

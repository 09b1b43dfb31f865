import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
  await silent.setOutputDevice('headset-ear');
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

it('rings on its own output', async () => {
  await ringtone.setOutputDevice('desk-speaker');
  ringtone.start();
  expect(media.outputElement.sinkId).toBe('desk-speaker');
  await expect(ringtone.setOutputDevice('gone')).rejects.toMatchObject({ code: 'OUTPUT_DEVICE_FAILED' });
});

describe('with an output to begin with', () => {
  const withOutput = (outputDeviceId: string) => {
    ringtone.dispose();
    ringtone = new Ringtone({ url, outputDeviceId, logger, autoplay });
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
    await ringtone.setOutputDevice('headset-ear');
    ringtone.start();
    await settled();
    expect(media.outputElement.sinkRequests).toEqual(['headset-ear']);
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

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { AutoplayGate } from '../../../src/media/autoplay-gate';
import { RemoteAudio } from '../../../src/media/remote-audio';
import { FakeMedia } from '../../support/fake-media';

const logger = new Logger('silent');
let media: FakeMedia;
let autoplay: AutoplayGate;
let audio: RemoteAudio;
let events: string[];

beforeEach(() => {
  media = FakeMedia.install();
  autoplay = new AutoplayGate({ logger });
  audio = listenedTo(new RemoteAudio({ logger, autoplay }));
});

afterEach(() => {
  audio.dispose();
  autoplay.dispose();
  expect(media.heldElements).toHaveLength(0);
  expect(media.listeners).toBe(0);
  media.uninstall();
});

function listenedTo(remote: RemoteAudio): RemoteAudio {
  events = [];
  return remote
    .on('blocked', () => events.push('blocked'))
    .on('unblocked', () => events.push('unblocked'))
    .on('failed', ({ code }) => events.push(code));
}

describe('remote audio', () => {
  it('makes its element when there is something to play, and plays it', () => {
    expect(media.elements).toHaveLength(0);
    const stream = media.remoteStream();
    audio.attach(stream);
    expect(media.element.srcObject).toBe(stream);
    expect(media.element.isAudible).toBe(true);
    expect(events).toEqual([]);
  });

  it('does not restart the same stream', () => {
    const stream = media.remoteStream();
    audio.attach(stream);
    const { loads } = media.element;
    audio.attach(stream);
    expect(media.element.loads).toBe(loads);
    expect(media.element.isAudible).toBe(true);
  });

  it('plays another stream in the same element', () => {
    media.holdPlay = true;
    audio.attach(media.remoteStream());
    const second = media.remoteStream();
    audio.attach(second);
    media.element.settlePlay();
    expect(media.elements).toHaveLength(1);
    expect(media.element.srcObject).toBe(second);
    expect(media.element.isAudible).toBe(true);
  });

  it('plays on when attach() finds the element paused', () => {
    const stream = media.remoteStream();
    audio.attach(stream);
    media.element.pause();
    audio.attach(stream);
    expect(media.element.isAudible).toBe(true);
  });

  it('gives everything back on dispose, and stays silent for good', () => {
    audio.attach(media.remoteStream());
    audio.dispose();
    audio.dispose();
    audio.attach(media.remoteStream());
    expect(media.elements).toHaveLength(1);
    expect(media.element.paused).toBe(true);
    expect(media.element.srcObject).toBeNull();
  });

  it('has no unhandled rejection when disposed before play() was answered', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    media.holdPlay = true;
    audio.attach(media.remoteStream());
    audio.dispose();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(events).toEqual([]);
  });

  it('throws BROWSER_UNSUPPORTED where nothing can be played', () => {
    media.uninstall();
    expect(() => {
      audio.attach({} as MediaStream);
    }).toThrow(expect.objectContaining({ code: 'BROWSER_UNSUPPORTED' }) as Error);
  });
});

describe('blocked playback', () => {
  beforeEach(() => {
    media.autoplayAllowed = false;
  });

  it('is reported once and starts at the next gesture', async () => {
    audio.attach(media.remoteStream());
    await expect.poll(() => events).toEqual(['blocked']);
    audio.attach(media.remoteStream());
    media.gesture();
    await expect.poll(() => events).toEqual(['blocked', 'unblocked']);
    expect(media.element.isAudible).toBe(true);
    expect(media.document.listenerCount()).toBe(0);
  });

  it('waits on when what the agent did is no gesture for the browser', async () => {
    audio.attach(media.remoteStream());
    await expect.poll(() => media.document.listenerCount()).toBeGreaterThan(0);
    media.uselessGesture('keydown');
    media.uselessGesture('pointerdown');
    await expect.poll(() => media.element.plays).toBe(3);
    expect(events).toEqual(['blocked']);
    media.gesture('pointerup');
    await expect.poll(() => events).toEqual(['blocked', 'unblocked']);
  });

  it.each(['pointerdown', 'pointerup', 'touchend', 'keydown', 'click'])('accepts %s', async (type) => {
    audio.attach(media.remoteStream());
    await expect.poll(() => events).toEqual(['blocked']);
    media.gesture(type);
    await expect.poll(() => events).toEqual(['blocked', 'unblocked']);
  });

  it('starts every blocked player at one gesture', async () => {
    const second = new RemoteAudio({ logger, autoplay });
    second.on('blocked', () => events.push('blocked')).on('unblocked', () => events.push('unblocked'));
    audio.attach(media.remoteStream());
    second.attach(media.remoteStream());
    const bothBlocked = ['blocked', 'blocked'];
    await expect.poll(() => events).toEqual(bothBlocked);
    media.gesture();
    await expect.poll(() => events).toEqual([...bothBlocked, 'unblocked', 'unblocked']);
    expect(media.elements.map((element) => element.isAudible)).toEqual([true, true]);
    expect(media.document.listenerCount()).toBe(0);
    second.dispose();
  });

  it('stops listening when the blocked player is disposed', async () => {
    audio.attach(media.remoteStream());
    await expect.poll(() => media.document.listenerCount()).toBeGreaterThan(0);
    audio.dispose();
    expect(media.document.listenerCount()).toBe(0);
    media.gesture();
    expect(media.element.plays).toBe(1);
  });

  it('stops listening when the gate is disposed, whatever is blocked then or later', async () => {
    audio.attach(media.remoteStream());
    await expect.poll(() => events).toEqual(['blocked']);
    autoplay.dispose();
    expect(media.document.listenerCount()).toBe(0);
    audio.attach(media.remoteStream());
    await expect.poll(() => media.element.plays).toBe(2);
    expect(media.document.listenerCount()).toBe(0);
  });

  it('is reported again when a later stream is blocked anew', async () => {
    audio.attach(media.remoteStream());
    await expect.poll(() => events).toEqual(['blocked']);
    media.gesture();
    await expect.poll(() => events).toEqual(['blocked', 'unblocked']);
    media.autoplayAllowed = false;
    audio.attach(media.remoteStream());
    await expect.poll(() => events).toEqual(['blocked', 'unblocked', 'blocked']);
  });
});

describe('sound that the browser stops', () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    audio.attach(media.remoteStream());
  });
  afterEach(() => {
    audio.dispose();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  /** The outputs of a browser that has none left: each attempt breaks at once. */
  async function breakFor(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      media.element.failOutput();
      await vi.advanceTimersByTimeAsync(5_000);
    }
  }

  it.each<[string, () => void]>([
    [
      'with an error of its element',
      () => {
        media.element.failOutput();
      },
    ],
    [
      'with a pause of its own',
      () => {
        media.element.pause();
      },
    ],
  ])('%s is heard again at once', async (_how, stop) => {
    await settled();
    stop();
    await settled();
    expect(media.element).toMatchObject({ isAudible: true, error: null });
    expect(events).toEqual([]);
  });

  it('again and again is given up after a few attempts, and said once', async () => {
    await settled();
    await breakFor(20);
    expect(events).toEqual(['AUDIO_FAILED']);
    expect(media.element.plays).toBe(5);
    expect(media.element.isAudible).toBe(false);
  });

  it('by pausing in a loop is given up too', async () => {
    await settled();
    for (let time = 0; time < 100; time += 1) {
      media.element.pause();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(events).toEqual(['AUDIO_FAILED']);
    expect(media.element.plays).toBe(5);
  });

  it('now and then is started again each time', async () => {
    for (let time = 0; time < 20; time += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      media.element.failOutput();
      await settled();
      expect(media.element.isAudible).toBe(true);
    }
    expect(events).toEqual([]);
  });

  it('and that was given up plays on another output, or with another stream', async () => {
    await breakFor(6);
    await audio.setOutputDevice('headset-ear');
    expect(media.outputElement).toMatchObject({ isAudible: true, sinkId: 'headset-ear', error: null });
    await breakFor(6);
    expect(events).toEqual(['AUDIO_FAILED', 'AUDIO_FAILED']);
    audio.attach(media.remoteStream());
    expect(media.element.isAudible).toBe(true);
  });

  it('is started by a change of the output, to the default one too', async () => {
    await settled();
    await breakFor(2);
    media.element.failOutput();
    await audio.setOutputDevice('default');
    expect(media.element.isAudible).toBe(true);
    const { loads } = media.element;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(media.element.loads).toBe(loads);
  });

  it('before it was heard at all is started as well', async () => {
    media.holdPlay = true;
    audio.attach(media.remoteStream());
    media.element.failOutput();
    media.holdPlay = false;
    await vi.advanceTimersByTimeAsync(1);
    expect(events).toEqual([]);
    expect(media.element.plays).toBeGreaterThan(2);
  });

  it('waits for a gesture where the browser wants one now', async () => {
    await settled();
    media.autoplayAllowed = false;
    media.element.pause();
    await settled();
    expect(events).toEqual(['blocked']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(media.element.plays).toBe(2);
    media.gesture();
    await settled();
    expect(events).toEqual(['blocked', 'unblocked']);
    expect(media.element.isAudible).toBe(true);
  });

  it('because its tracks have ended is left alone', async () => {
    const stream = media.remoteStream();
    audio.attach(stream);
    await settled();
    for (const track of stream.getTracks()) Object.assign(track, { readyState: 'ended' });
    const { plays } = media.element;
    media.element.pause();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(media.element.plays).toBe(plays);
    expect(events).toEqual([]);
  });

  it('is not touched any more after dispose', async () => {
    await settled();
    const { element } = media;
    element.failOutput();
    await settled();
    element.failOutput();
    audio.dispose();
    element.failOutput();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(element.plays).toBe(2);
    expect(events).toEqual([]);
  });
});

describe('output device', () => {
  it('can be chosen before there is anything to play', async () => {
    await audio.setOutputDevice('headset-ear');
    audio.attach(media.remoteStream());
    expect(media.elements).toHaveLength(1);
    expect(media.outputElement.sinkId).toBe('headset-ear');
  });

  it('goes back to the system default', async () => {
    await audio.setOutputDevice('headset-ear');
    await audio.setOutputDevice('default');
    expect(media.outputElement.sinkRequests).toEqual(['headset-ear', '']);
    expect(media.outputElement.sinkId).toBe('');
  });

  it('changes one after another, so that the last call wins', async () => {
    media.holdOutput = true;
    const changes = [audio.setOutputDevice('headset-ear'), audio.setOutputDevice('desk-speaker')];
    await expect.poll(() => media.elements.length).toBe(1);
    expect(media.outputElement.sinkRequests).toEqual(['headset-ear']);
    media.outputElement.settleOutput();
    await changes[0];
    await expect.poll(() => media.outputElement.sinkRequests).toEqual(['headset-ear', 'desk-speaker']);
    expect(media.outputElement.sinkId).toBe('headset-ear');
    media.outputElement.settleOutput();
    await Promise.all(changes);
    expect(media.outputElement.sinkId).toBe('desk-speaker');
  });

  it('keeps the device in use when another fails', async () => {
    await audio.setOutputDevice('headset-ear');
    await expect(audio.setOutputDevice('gone')).rejects.toMatchObject({
      code: 'OUTPUT_DEVICE_FAILED',
      cause: { name: 'NotFoundError' },
    });
    expect(media.outputElement.sinkId).toBe('headset-ear');
    await audio.setOutputDevice('desk-speaker');
    expect(media.outputElement.sinkId).toBe('desk-speaker');
  });

  it('gives up on a device that never answers, and takes the next', async () => {
    vi.useFakeTimers();
    try {
      media.holdOutput = true;
      const hanging = audio.setOutputDevice('headset-ear');
      const outcome = expect(hanging).rejects.toMatchObject({ code: 'OUTPUT_DEVICE_FAILED' });
      await vi.advanceTimersByTimeAsync(10_000);
      await outcome;
      media.holdOutput = false;
      await audio.setOutputDevice('desk-speaker');
      expect(media.outputElement.sinkId).toBe('desk-speaker');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does nothing after dispose', async () => {
    audio.dispose();
    await audio.setOutputDevice('headset-ear');
    expect(media.elements).toHaveLength(0);
  });

  it('is UNSUPPORTED where the browser cannot choose, except for the default', async () => {
    media.uninstall();
    media = FakeMedia.install({ outputSelection: false });
    await expect(audio.setOutputDevice('headset-ear')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(audio.setOutputDevice('default')).resolves.toBeUndefined();
  });
});

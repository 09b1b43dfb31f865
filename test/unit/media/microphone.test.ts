import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { Microphone } from '../../../src/media/microphone';
import { FakeMedia } from '../../support/fake-media';

const logger = new Logger('silent');
let media: FakeMedia;
let microphone: Microphone;

beforeEach(() => {
  media = FakeMedia.install();
  microphone = new Microphone({ logger });
});

afterEach(() => {
  media.uninstall();
});

describe('opening', () => {
  it('asks for processed audio and never for video', async () => {
    const lease = await microphone.open();
    expect(media.requests).toEqual([
      { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true }, video: false },
    ]);
    expect(lease.track.readyState).toBe('live');
    expect(lease.stream.getTracks()).toEqual([lease.track]);
    expect(lease.deviceId).toBe('desk-mic');
  });

  it('takes exactly the device it was told', async () => {
    const lease = await microphone.open({ deviceId: 'headset-mic' });
    expect(media.requests[0]?.audio).toMatchObject({ deviceId: { exact: 'headset-mic' } });
    expect(lease.deviceId).toBe('headset-mic');
  });

  it.each(['', 'default'])('takes %j for the system default', async (deviceId) => {
    await microphone.open({ deviceId });
    expect(media.requests[0]?.audio).not.toHaveProperty('deviceId');
  });

  it('is still waiting while a prompt stays open, and takes what it grants', async () => {
    media.autoGrant = false;
    const opening = microphone.open();
    expect(media.prompts).toHaveLength(1);
    expect(media.liveTracks).toHaveLength(0);
    media.prompts[0]?.grant();
    expect((await opening).track.readyState).toBe('live');
  });
});

describe('fallback', () => {
  it('takes the default microphone once when the preferred one is gone', async () => {
    const lease = await microphone.open({ deviceId: 'unplugged', fallbackToDefault: true });
    expect(lease.deviceId).toBe('desk-mic');
    expect(media.requests).toHaveLength(2);
    expect(media.requests[1]?.audio).not.toHaveProperty('deviceId');
  });

  it('shares an open default microphone when it falls back to it', async () => {
    await microphone.open();
    await microphone.open({ deviceId: 'unplugged', fallbackToDefault: true });
    expect(media.requests).toHaveLength(2);
    expect(media.liveTracks).toHaveLength(2);
  });

  it('does not fall back without being told to', async () => {
    await expect(microphone.open({ deviceId: 'unplugged' })).rejects.toMatchObject({
      code: 'MICROPHONE_NOT_FOUND',
    });
    expect(media.requests).toHaveLength(1);
  });

  it.each(['NotAllowedError', 'NotReadableError'])('does not fall back after %s', async (name) => {
    media.refuseNext(name);
    await expect(microphone.open({ deviceId: 'headset-mic', fallbackToDefault: true })).rejects.toThrow();
    expect(media.requests).toHaveLength(1);
  });

  it('does not ask twice for the default', async () => {
    media.refuseNext('NotFoundError');
    await expect(microphone.open({ fallbackToDefault: true })).rejects.toMatchObject({
      code: 'MICROPHONE_NOT_FOUND',
    });
    expect(media.requests).toHaveLength(1);
  });

  it('reports the second failure when the default does not open either', async () => {
    media.refuseNext('OverconstrainedError');
    media.refuseNext('NotReadableError');
    await expect(microphone.open({ deviceId: 'x', fallbackToDefault: true })).rejects.toMatchObject({
      code: 'MICROPHONE_BUSY',
    });
  });
});

describe('failures', () => {
  it.each([
    ['NotAllowedError', 'MICROPHONE_DENIED'],
    ['SecurityError', 'MICROPHONE_DENIED'],
    ['PermissionDeniedError', 'MICROPHONE_DENIED'],
    ['NotFoundError', 'MICROPHONE_NOT_FOUND'],
    ['OverconstrainedError', 'MICROPHONE_NOT_FOUND'],
    ['DevicesNotFoundError', 'MICROPHONE_NOT_FOUND'],
    ['ConstraintNotSatisfiedError', 'MICROPHONE_NOT_FOUND'],
    ['NotReadableError', 'MICROPHONE_BUSY'],
    ['AbortError', 'MICROPHONE_BUSY'],
    ['TrackStartError', 'MICROPHONE_BUSY'],
    ['InvalidStateError', 'MICROPHONE_FAILED'],
    ['constructor', 'MICROPHONE_FAILED'],
  ])('%s becomes %s with the original as its cause', async (name, code) => {
    media.refuseNext(name);
    const failure: unknown = await microphone.open().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, cause: { name } });
    expect(media.liveTracks).toHaveLength(0);
  });

  it('is BROWSER_UNSUPPORTED on a page without mediaDevices', async () => {
    media.uninstall();
    media = FakeMedia.install({ mediaDevices: false });
    await expect(microphone.open()).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED' });
  });

  it('is BROWSER_UNSUPPORTED on a server', async () => {
    media.uninstall();
    await expect(microphone.open()).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED' });
  });

  it('can be opened again after a failure', async () => {
    media.refuseNext('NotAllowedError');
    await expect(microphone.open()).rejects.toMatchObject({ code: 'MICROPHONE_DENIED' });
    expect((await microphone.open()).track.readyState).toBe('live');
  });

  it('survives a getUserMedia that throws instead of rejecting', async () => {
    Object.assign(media.mediaDevices, {
      getUserMedia: () => {
        throw new TypeError('not here');
      },
    });
    await expect(microphone.open()).rejects.toMatchObject({ code: 'MICROPHONE_FAILED' });
    await expect(microphone.open()).rejects.toMatchObject({ code: 'MICROPHONE_FAILED' });
  });

  it('does not hand out a microphone that vanished before it arrived', async () => {
    media.autoGrant = false;
    const opening = microphone.open();
    media.prompts[0]?.grant();
    media.unplug('desk-mic');
    await expect(opening).rejects.toMatchObject({ code: 'MICROPHONE_FAILED' });
    expect(media.liveTracks).toHaveLength(0);
  });
});

describe('sharing', () => {
  it('clones an open microphone instead of asking again', async () => {
    const first = await microphone.open();
    const second = await microphone.open();
    expect(media.requests).toHaveLength(1);
    expect(second.track).not.toBe(first.track);
    expect(second.stream.getTracks()).toEqual([second.track]);
    expect(media.liveTracks).toHaveLength(2);
  });

  it('gives the second user an enabled track although the first is muted', async () => {
    const first = await microphone.open();
    first.track.enabled = false;
    const second = await microphone.open();
    expect(second.track.enabled).toBe(true);
    expect(first.track.enabled).toBe(false);
  });

  it('keeps the clone alive when the first user leaves', async () => {
    const first = await microphone.open();
    const second = await microphone.open();
    first.release();
    expect(second.track.readyState).toBe('live');
    const third = await microphone.open();
    expect(media.requests).toHaveLength(1);
    second.release();
    third.release();
    expect(media.liveTracks).toHaveLength(0);
  });

  it('recognises an explicit device that is open as the default', async () => {
    await microphone.open();
    await microphone.open({ deviceId: 'desk-mic' });
    expect(media.requests).toHaveLength(1);
  });

  it('opens another device on its own', async () => {
    await microphone.open();
    const other = await microphone.open({ deviceId: 'headset-mic' });
    expect(media.requests).toHaveLength(2);
    expect(other.deviceId).toBe('headset-mic');
  });

  it('does not clone a microphone that was released or unplugged', async () => {
    (await microphone.open()).release();
    await microphone.open();
    expect(media.requests).toHaveLength(2);
    media.unplug('desk-mic');
    expect((await microphone.open()).deviceId).toBe('headset-mic');
    expect(media.requests).toHaveLength(3);
  });

  it('shows one prompt to two users who ask at once', async () => {
    media.autoGrant = false;
    const both = Promise.all([microphone.open(), microphone.open()]);
    expect(media.prompts).toHaveLength(1);
    media.prompts[0]?.grant();
    const [first, second] = await both;
    expect(first.track).not.toBe(second.track);
    expect(media.liveTracks).toHaveLength(2);
    first.release();
    expect(second.track.readyState).toBe('live');
  });

  it('refuses both when the shared prompt is refused', async () => {
    media.autoGrant = false;
    const both = Promise.allSettled([microphone.open(), microphone.open()]);
    media.prompts[0]?.deny('NotAllowedError');
    expect((await both).map((result) => result.status)).toEqual(['rejected', 'rejected']);
  });
});

describe('giving up', () => {
  it('rejects with the reason of the signal and closes a late grant', async () => {
    media.autoGrant = false;
    const controller = new AbortController();
    const opening = microphone.open({ signal: controller.signal });
    const reason = new Error('the call is over');
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    media.prompts[0]?.grant();
    await expect.poll(() => media.tracks.length).toBe(1);
    await expect.poll(() => media.liveTracks.length).toBe(0);
  });

  it('asks nobody when the signal is aborted before', async () => {
    const signal = AbortSignal.abort();
    await expect(microphone.open({ signal })).rejects.toBe(signal.reason);
    expect(media.requests).toHaveLength(0);
  });

  it('swallows a late refusal', async () => {
    media.autoGrant = false;
    const controller = new AbortController();
    const opening = microphone.open({ signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    media.prompts[0]?.deny('NotAllowedError');
    await new Promise((resolve) => setImmediate(resolve));
    media.autoGrant = true;
    // A rejection that nobody handles would fail this run.
    expect((await microphone.open()).track.readyState).toBe('live');
  });

  it('leaves the microphone to the one who still waits', async () => {
    media.autoGrant = false;
    const controller = new AbortController();
    const leaving = microphone.open({ signal: controller.signal });
    const staying = microphone.open();
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    media.prompts[0]?.grant();
    await staying;
    expect(media.liveTracks).toHaveLength(1);
  });

  it('joins a prompt that everybody else left, instead of showing another', async () => {
    media.autoGrant = false;
    const controller = new AbortController();
    const leaving = microphone.open({ signal: controller.signal });
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    const joining = microphone.open();
    expect(media.prompts).toHaveLength(1);
    media.prompts[0]?.grant();
    expect((await joining).track.readyState).toBe('live');
  });

  it('does not fall back once given up', async () => {
    media.autoGrant = false;
    const controller = new AbortController();
    const opening = microphone.open({
      deviceId: 'unplugged',
      fallbackToDefault: true,
      signal: controller.signal,
    });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    media.prompts[0]?.grant();
    await expect.poll(() => media.prompts.length).toBe(0);
    expect(media.requests).toHaveLength(1);
  });

  it('ignores the signal once the lease is handed out', async () => {
    const controller = new AbortController();
    const lease = await microphone.open({ signal: controller.signal });
    controller.abort();
    expect(lease.track.readyState).toBe('live');
  });

  it('closes the microphone when the signal aborts in the moment of the grant', async () => {
    media.autoGrant = false;
    const controller = new AbortController();
    const opening = microphone.open({ signal: controller.signal });
    media.prompts[0]?.grant();
    controller.abort();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => media.liveTracks.length).toBe(0);
  });
});

describe('a lease', () => {
  it('stops its track, drops its listeners and its events on release, once', async () => {
    const lease = await microphone.open();
    lease.on('ended', () => undefined);
    lease.release();
    lease.release();
    expect(media.liveTracks).toHaveLength(0);
    expect(media.listeners).toBe(0);
    expect(lease.listenerCount('ended')).toBe(0);
  });

  it('tells when the device vanishes, and stays to be released', async () => {
    const lease = await microphone.open();
    let ended = 0;
    lease.on('ended', () => (ended += 1));
    media.unplug('desk-mic');
    expect(ended).toBe(1);
    expect(media.listeners).toBeGreaterThan(0);
    lease.release();
    expect(media.listeners).toBe(0);
  });

  it('says nothing of a vanished device when it was released first', async () => {
    const lease = await microphone.open();
    let ended = 0;
    lease.on('ended', () => (ended += 1));
    lease.release();
    media.tracks[0]?.dispatchEvent(new Event('ended'));
    expect(ended).toBe(0);
  });

  it('tells when the system mutes and unmutes the device', async () => {
    const lease = await microphone.open();
    const seen: boolean[] = [];
    lease.on('systemMute', (muted) => seen.push(muted));
    media.tracks[0]?.setMuted(true);
    media.tracks[0]?.setMuted(false);
    expect(seen).toEqual([true, false]);
  });

  it('leaves nothing behind after 200 calls', async () => {
    for (let call = 0; call < 200; call += 1) {
      const leases = await Promise.all([microphone.open(), microphone.open()]);
      for (const lease of leases) lease.release();
    }
    expect(media.tracks).toHaveLength(400);
    expect(media.liveTracks).toHaveLength(0);
    expect(media.listeners).toBe(0);
  });
});

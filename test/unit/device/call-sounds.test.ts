import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Device, SoundOptions } from '../../../src/index';
import { AgentBench } from '../../support/agent';
import { cadenceOf, cut, levelAt, readBlobUrl } from '../../support/listen';
import { codeOf, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpOffer } from '../../support/wire/sdp';
import type { ReceivedRequest } from '../../support/wire/wire-link';
import { advance, agree, expectNothingHeld, expectNoTimerLeft, fakeClock, timersAtRest } from '../call/bench';

const FILES: SoundOptions = {
  ringtone: 'ringtone',
  ringback: 'ringback',
  busy: 'busy',
  callWaiting: 'waiting',
  hangUp: 'hang-up',
  digits: 'digit',
};

let bench: AgentBench;
let device: Device;

beforeEach(async () => {
  bench = new AgentBench();
  await begin({ sounds: FILES });
});
afterEach(() => {
  bench.stop();
  expect(bench.media.elements.filter(({ paused }) => !paused)).toEqual([]);
  expect(bench.media.elements.filter(({ src }) => src !== '')).toEqual([]);
  vi.useRealTimers();
});

/** Another Device in place of the one of `FILES`, with all that it loads loaded. */
async function begin(options: Parameters<AgentBench['registered']>[0]): Promise<void> {
  for (const former of bench.devices.splice(0)) former.destroy();
  device = await bench.registered({ allowIncomingWhileBusy: true, ...options });
  await vi.dynamicImportSettled();
}

const playing = () => bench.media.elements.filter(({ src, isAudible }) => src !== '' && isAudible);
/** What is heard now, by the names of the files, calls not counted. */
const heard = () => playing().map(({ src }) => src);
/** The tone that is heard now, where it was made here. */
const tone = async () => {
  const [element, ...others] = playing();
  expect(others).toEqual([]);
  const sound = await readBlobUrl(element?.src ?? '');
  if (!sound) throw new Error(`"${element?.src ?? 'nothing'}" is no tone`);
  return sound;
};

/** Media packets of the far end begin to come in. */
function sendMedia(): void {
  const inbound = { id: 'I', type: 'inbound-rtp', kind: 'audio', packetsReceived: 5 };
  bench.webRtc.connection.getStats = () => Promise.resolve(new Map([['I', inbound]]));
}

const describeMedia = (invite: ReceivedRequest) => ({ body: sdpAnswer(invite.body) });

/** Answers an outbound call. */
async function answer(invite: ReceivedRequest) {
  const dialog = bench.server.accept(invite, describeMedia(invite));
  await dialog.expect('ACK');
  await settle();
  return dialog;
}

describe('ringback', () => {
  it('sounds from a 180 until the answer, and not before', async () => {
    const { invite } = await bench.dial(device);
    expect(heard()).toEqual([]);
    invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
    expect(playing()[0]?.loop).toBe(true);
    await answer(invite);
    expect(heard()).toEqual([]);
  });

  it('is the tone of the country where there is no file', async () => {
    await begin({ sounds: { country: 'GB' } });
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await settle();
    const sound = await tone();
    expect(cadenceOf(sound).map((partMs) => Math.round(partMs / 100))).toEqual([4, 2, 4, 20]);
    expect(levelAt(sound, 400)).toBeGreaterThan(-35);
    expect(levelAt(sound, 450)).toBeGreaterThan(-35);
  });

  it('is on without any option, and off with false', async () => {
    await begin({});
    const first = await bench.dial(device);
    first.invite.reply(180);
    await settle();
    expect(heard()).toHaveLength(1);
    await begin({ sounds: { ringback: false } });
    const second = await bench.dial(device);
    second.invite.reply(180);
    await settle();
    expect(heard()).toEqual([]);
  });

  it('is not heard for a call that is answered without ringing, or that the agent gives up at once', async () => {
    const first = await bench.dial(device);
    await answer(first.invite);
    await first.call.disconnect();
    const before = bench.media.elements.filter(({ src }) => src === 'ringback').length;
    const second = await bench.dial(device);
    await second.call.disconnect();
    second.invite.reply(180);
    await settle();
    expect(bench.media.elements.filter(({ src }) => src === 'ringback')).toHaveLength(before);
    expect(heard()).toEqual([]);
  });

  it.each<[string, (call: Awaited<ReturnType<AgentBench['dial']>>) => unknown]>([
    ['a hang-up', ({ call }) => call.disconnect()],
    [
      'a refusal',
      ({ invite }) => {
        invite.reply(404);
      },
    ],
    [
      'destroy()',
      () => {
        device.destroy();
      },
    ],
    [
      'switching it off',
      () => {
        device.audio.setSounds({ ringback: false });
      },
    ],
  ])('falls silent with %s', async (_name, end) => {
    const dialled = await bench.dial(device);
    dialled.invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
    await end(dialled);
    await settle();
    expect(heard()).not.toContain('ringback');
  });

  it('plays once, however often the far end says that it rings', async () => {
    const { invite } = await bench.dial(device);
    for (const toTag of ['fork-a', 'fork-b', 'fork-a']) invite.reply(180, { toTag });
    await settle();
    expect(heard()).toEqual(['ringback']);
    expect(playing()[0]?.plays).toBe(1);
  });

  it('leaves no timer and no element behind', async () => {
    fakeClock();
    const timers = timersAtRest();
    const { call, invite } = await bench.dial(device);
    invite.reply(183, describeMedia(invite));
    await advance(300);
    await call.disconnect();
    expectNothingHeld(bench);
    await expectNoTimerLeft(timers);
  });
});

describe('early media', () => {
  beforeEach(() => {
    fakeClock();
  });

  it('that comes keeps ringback from sounding, also at a 180 afterwards', async () => {
    const { invite } = await bench.dial(device);
    sendMedia();
    invite.reply(183, describeMedia(invite));
    await advance(50);
    expect(heard()).toEqual([]);
    await advance(5_000);
    invite.reply(180);
    await advance(5_000);
    expect(heard()).toEqual([]);
    await answer(invite);
  });

  it('that is promised and does not come is made up for after 1.5 s, until it comes', async () => {
    const { invite } = await bench.dial(device);
    invite.reply(183, describeMedia(invite));
    await advance(1_400);
    expect(heard()).toEqual([]);
    await advance(200);
    expect(heard()).toEqual(['ringback']);
    sendMedia();
    await advance(200);
    expect(heard()).toEqual([]);
    invite.reply(180);
    await advance(5_000);
    expect(heard()).toEqual([]);
  });

  it('after a 180 ends ringback with its first packets, not with its description', async () => {
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await advance(100);
    invite.reply(183, describeMedia(invite));
    await advance(3_000);
    expect(heard()).toEqual(['ringback']);
    sendMedia();
    await advance(200);
    expect(heard()).toEqual([]);
  });

  it('of one fork is not rung over for another', async () => {
    const { invite } = await bench.dial(device);
    sendMedia();
    invite.reply(183, { toTag: 'fork-a', ...describeMedia(invite) });
    await advance(500);
    invite.reply(180, { toTag: 'fork-b' });
    invite.reply(183, { toTag: 'fork-c', ...describeMedia(invite) });
    await advance(5_000);
    expect(heard()).toEqual([]);
  });

  it('that is promised to a call that fails first is not made up for', async () => {
    const { invite } = await bench.dial(device);
    invite.reply(183, describeMedia(invite));
    await advance(500);
    invite.reply(486);
    await advance(5_000);
    expect(heard()).toEqual(['busy']);
  });
});

describe('several calls', () => {
  it('ringback of a second call is heard while the first is connected', async () => {
    await bench.talk(device);
    const second = await bench.dial(device);
    second.invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
  });

  it('ringback of the first is not heard over a call that is answered meanwhile, unless that is held', async () => {
    const first = await bench.dial(device);
    first.invite.reply(180);
    const second = await bench.ring(device);
    const [dialog] = await Promise.all([second.invite.answered(), second.call.accept()]);
    await settle();
    expect(heard()).toEqual([]);
    const holding = second.call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'), { direction: 'recvonly' });
    await holding;
    expect(heard()).toEqual(['ringback']);
    await second.call.disconnect();
    await settle();
    expect(heard()).toContain('ringback');
    await first.call.disconnect();
    expect(heard()).not.toContain('ringback');
  });

  it('of two that are dialled at once ringback is heard once, until both are over', async () => {
    const [first, second] = [await bench.dial(device), await bench.dial(device)];
    first.invite.reply(180);
    second.invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
    await first.call.disconnect();
    expect(heard()).toEqual(['ringback']);
    await second.call.disconnect();
    expect(heard()).toEqual([]);
  });

  it('a call that rings in during another is told by call waiting, not by the ringtone', async () => {
    const first = await bench.talk(device);
    const second = await bench.ring(device);
    expect(heard()).toEqual(['waiting']);
    await first.call.disconnect();
    await settle();
    expect(heard()).toEqual(expect.arrayContaining(['ringtone', 'hang-up']));
    expect(heard()).not.toContain('waiting');
    await Promise.all([second.call.accept(), second.invite.answered()]);
    expect(heard()).toEqual([]);
  });

  it('also while the other is being dialled, and again when two ring and one is answered', async () => {
    const dialled = await bench.dial(device);
    const first = await bench.ring(device);
    expect(heard()).toEqual(['waiting']);
    await dialled.call.disconnect();
    await settle();
    expect(heard()).toEqual(['ringtone']);
    const ringing = playing()[0];
    const plays = ringing?.plays;
    const second = await bench.ring(device);
    expect(heard()).toEqual(['ringtone']);
    expect(ringing?.plays).toBe(plays);
    await Promise.all([first.call.accept(), first.invite.answered()]);
    expect(heard()).toEqual(['waiting']);
    second.call.reject();
    expect(heard()).toEqual([]);
  });

  it('one of two that ring is refused: the ringtone goes on without a break', async () => {
    const first = await bench.ring(device);
    await bench.ring(device);
    const plays = playing()[0]?.plays;
    first.call.reject();
    await settle();
    expect(heard()).toEqual(['ringtone']);
    expect(playing()[0]?.plays).toBe(plays);
  });

  it.each<[string, Parameters<AgentBench['registered']>[0], boolean]>([
    ['is not heard where there is no ringtone', {}, false],
    ['is a tone where there is a ringtone', { ringtoneUrl: 'ring.mp3' }, true],
    ['is a tone where the ringtone is one', { sounds: { ringtone: true } }, true],
    ['can be on without a ringtone', { sounds: { callWaiting: true } }, true],
    ['can be off', { ringtoneUrl: 'ring.mp3', sounds: { callWaiting: false } }, false],
    [
      'goes with a ringtone that is switched off',
      { ringtoneUrl: 'r.mp3', sounds: { ringtone: false } },
      false,
    ],
  ])('call waiting %s', async (_name, options, isHeard) => {
    await begin(options);
    await bench.talk(device);
    await bench.ring(device);
    expect(heard()).toHaveLength(isHeard ? 1 : 0);
    if (isHeard) expect(levelAt(cut(await tone(), 0, 300), 440)).toBeGreaterThan(-25);
  });
});

describe('the end of a call', () => {
  it.each([486, 600, 603, 607])('%i is told by the busy tone, for 4 s', async (status) => {
    await begin({ sounds: { country: 'us' } });
    const { invite, events } = await bench.dial(device);
    invite.reply(180);
    invite.reply(status);
    await events.next('disconnect');
    expect(playing()[0]?.loop).toBe(false);
    expect(cadenceOf(await tone())).toEqual(Array(8).fill(expect.closeTo(500, -1)));
  });

  it.each([404, 408, 480, 500, 503])('%i is told by the congestion tone', async (status) => {
    await begin({ sounds: { country: 'us' } });
    const { invite, events } = await bench.dial(device);
    invite.reply(status);
    await events.next('disconnect');
    expect(cadenceOf(await tone()).slice(0, 4)).toEqual(Array(4).fill(expect.closeTo(250, -1)));
  });

  it('is told by one file for both, or not at all', async () => {
    for (const status of [486, 503]) {
      const { invite, events } = await bench.dial(device);
      invite.reply(status);
      await events.next('disconnect');
      expect(heard()).toEqual(['busy']);
    }
    device.audio.setSounds({ busy: false });
    expect(heard()).toEqual([]);
    const { invite, events } = await bench.dial(device);
    invite.reply(486);
    await events.next('disconnect');
    expect(heard()).toEqual([]);
  });

  it('is no news where the agent has done it, or where connect() says it', async () => {
    const given = await bench.dial(device);
    given.invite.reply(180);
    await given.call.disconnect();
    await settle();
    expect(heard()).toEqual([]);
    bench.media.refuseNext('NotAllowedError');
    expect(await codeOf(device.connect({ to: '100' }))).toBe('MICROPHONE_DENIED');
    await settle();
    expect(heard()).toEqual([]);
  });

  it('of an inbound call that was not answered is told by nothing', async () => {
    const { invite, events } = await bench.ring(device);
    invite.cancel();
    await events.next('disconnect');
    expect(heard()).toEqual([]);
    const refused = await bench.ring(device);
    refused.call.reject();
    expect(heard()).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['another call is dialled', () => bench.dial(device)],
    ['a call rings in', () => bench.ring(device)],
  ])('is no news any more when %s', async (_name, next) => {
    const { invite, events } = await bench.dial(device);
    invite.reply(486);
    await events.next('disconnect');
    expect(heard()).toEqual(['busy']);
    await next();
    expect(heard()).not.toContain('busy');
  });

  it('is no news where the page dials again as it hears of it', async () => {
    const { call, invite, events } = await bench.dial(device);
    call.on('disconnect', () => void device.connect({ to: '100' }));
    invite.reply(486);
    await events.next('disconnect');
    await settle();
    expect(heard()).toEqual([]);
  });

  it('that was connected is told by the hang-up sound, whoever hung up', async () => {
    const first = await bench.talk(device);
    await first.call.disconnect();
    await settle();
    expect(heard()).toEqual(['hang-up']);
    const second = await bench.talk(device);
    expect(heard()).toEqual([]);
    await second.dialog.request('BYE').response(200);
    await settle();
    expect(heard()).toEqual(['hang-up']);
  });

  it('that was connected is told by nothing unless asked for, and by three pulses with true', async () => {
    await begin({});
    await (await bench.talk(device)).call.disconnect();
    await settle();
    expect(heard()).toEqual([]);
    device.audio.setSounds({ hangUp: true, country: 'de' });
    await (await bench.talk(device)).call.disconnect();
    await settle();
    expect(cadenceOf(await tone())).toHaveLength(6);
  });

  it('by destroy() is told by nothing', async () => {
    await bench.talk(device);
    await bench.dial(device);
    device.destroy();
    await settle();
    expect(heard()).toEqual([]);
  });
});

describe('digits', () => {
  it('are heard as they are sent, pauses not', async () => {
    fakeClock();
    const { call } = await bench.talk(device);
    const sending = call.sendDigits('12,3');
    await advance(3_000);
    await sending;
    const [key, ...others] = bench.media.elements.filter(({ src }) => src === 'digit');
    expect([key, ...others].reduce((sum, element) => sum + (element?.plays ?? 0), 0)).toBe(3);
  });

  it('are the tones of their keys with true, and silent without', async () => {
    fakeClock();
    await begin({});
    const quiet = await bench.talk(device);
    const sending = quiet.call.sendDigits('5');
    await advance(500);
    await sending;
    expect(heard()).toEqual([]);
    device.audio.setSounds({ digits: true });
    const again = quiet.call.sendDigits('5');
    await advance(500);
    await again;
    const sound = await tone();
    for (const hz of [770, 1336]) expect(levelAt(sound, hz)).toBeGreaterThan(-25);
  });
});

describe('the ringtone', () => {
  it("is the page's own, or a ringer with the country's cadence", async () => {
    await bench.ring(device);
    expect(heard()).toEqual(['ringtone']);
    await begin({ sounds: { ringtone: true, country: 'us' } });
    await bench.ring(device);
    const sound = await tone();
    expect(sound.samples).toHaveLength(6 * sound.sampleRateHz);
    for (const hz of [800, 1000]) expect(levelAt(cut(sound, 0, 2000), hz)).toBeGreaterThan(-25);
  });

  it('`ringtone: true` is ringtoneUrl where there is one', async () => {
    await begin({ ringtoneUrl: 'ring.mp3', sounds: { ringtone: true } });
    await bench.ring(device);
    expect(heard()).toEqual(['ring.mp3']);
  });

  it('that cannot be loaded is reported, replaced by the ringer, and tried again with the next call', async () => {
    bench.media.brokenUrls.add('ringtone');
    const events = recordEvents(device);
    const { call } = await bench.ring(device);
    expect((await events.next('error'))[0]).toMatchObject({ code: 'AUDIO_FAILED' });
    await settle();
    expect(levelAt(await tone(), 800)).toBeGreaterThan(-35);
    call.reject();
    expect(heard()).toEqual([]);
    bench.media.brokenUrls.clear();
    await bench.ring(device);
    expect(heard()).toEqual(['ringtone']);
    expect(events.of('error')).toHaveLength(1);
  });

  it('changes while it rings', async () => {
    await bench.ring(device);
    device.audio.setSounds({ ringtone: 'other' });
    expect(heard()).toEqual(['other']);
    device.audio.setSounds({ ringtone: false });
    expect(heard()).toEqual([]);
    device.audio.setSounds({ ringtone: 'other' });
    expect(heard()).toEqual(['other']);
  });
});

describe('setSounds()', () => {
  it('changes what is named and leaves the rest', async () => {
    device.audio.setSounds({ busy: 'other' });
    const { invite, events } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
    device.audio.setSounds({ ringback: 'another' });
    expect(heard()).toEqual(['another']);
    invite.reply(486);
    await events.next('disconnect');
    expect(heard()).toEqual(['other']);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a country that is none', { country: 'Germany' }],
    ['a country that is hostile', { country: '__proto__' }],
    ['a number', { busy: 3 }],
    ['an empty URL', { ringback: '' }],
    ['a function', { digits: () => true }],
  ])('refuses %s, and nothing changes', async (_name, sounds) => {
    expect(() => {
      device.audio.setSounds(sounds as SoundOptions);
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
  });

  it('throws DESTROYED after destroy()', () => {
    device.destroy();
    expect(() => {
      device.audio.setSounds({ busy: true });
    }).toThrow(expect.objectContaining({ code: 'DESTROYED' }) as Error);
  });
});

describe('a file that cannot be loaded', () => {
  it('is replaced by the tone', async () => {
    bench.media.brokenUrls.add('ringback');
    bench.media.brokenUrls.add('busy');
    const events = recordEvents(device);
    const { invite, events: ofCall } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(levelAt(await tone(), 440)).toBeGreaterThan(-35);
    invite.reply(486);
    await ofCall.next('disconnect');
    await settle();
    expect(levelAt(await tone(), 620)).toBeGreaterThan(-35);
    expect(events.names).toEqual([]);
  });

  it('is replaced by nothing where tones cannot be played either, and hinders nothing', async () => {
    const { brokenUrls } = bench.media;
    brokenUrls.has = () => true;
    const events = recordEvents(device);
    const { invite, events: ofCall } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(heard()).toEqual([]);
    await answer(invite);
    expect(ofCall.names).toEqual(['ringing', 'accepted']);
    const ringing = await bench.ring(device);
    ringing.call.reject();
    await settle();
    expect(events.names.filter((name) => name !== 'incoming')).toEqual([]);
  });
});

describe('blocked by the browser', () => {
  beforeEach(() => {
    bench.media.autoplayAllowed = false;
  });

  it('ringback is reported and sounds at the next gesture', async () => {
    const events = recordEvents(device);
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await events.next('audioBlocked');
    expect((await events.next('error'))[0]).toMatchObject({ code: 'AUDIO_BLOCKED' });
    bench.media.gesture();
    await events.next('audioUnblocked');
    expect(heard()).toEqual(['ringback']);
  });

  it('ringback does not sound at a gesture after the answer', async () => {
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await settle();
    await answer(invite);
    bench.media.gesture();
    await settle();
    expect(heard()).toEqual([]);
  });

  it('the busy tone does not wait for a gesture', async () => {
    const events = recordEvents(device);
    const { invite, events: ofCall } = await bench.dial(device);
    invite.reply(486);
    await ofCall.next('disconnect');
    await settle();
    bench.media.gesture();
    await settle();
    expect(heard()).toEqual([]);
    expect(events.names).toEqual([]);
  });

  it('unlock() in a gesture starts what waits', async () => {
    const events = recordEvents(device);
    await bench.ring(device);
    await events.next('audioBlocked');
    bench.media.autoplayAllowed = true;
    await device.audio.unlock();
    expect(heard()).toEqual(['ringtone']);
    expect(events.of('audioUnblocked')).toHaveLength(1);
  });

  it('unlock() outside a gesture says so, also where nobody awaits it', async () => {
    expect(await codeOf(device.audio.unlock())).toBe('AUDIO_BLOCKED');
    const events = recordEvents(device);
    void device.audio.unlock();
    expect((await events.next('error'))[0]).toMatchObject({ code: 'AUDIO_BLOCKED' });
    expect(heard()).toEqual([]);
  });
});

describe('unlock()', () => {
  it('makes no sound of its own, once or twice at once', async () => {
    await Promise.all([device.audio.unlock(), device.audio.unlock()]);
    expect(heard()).toEqual([]);
    await bench.ring(device);
    expect(heard()).toEqual(['ringtone']);
  });

  it('before anything is loaded lets the ringer ring later, from the element that was primed', async () => {
    const early = bench.device({ sounds: { ringtone: true } });
    const before = new Set(bench.media.elements);
    const made = () => bench.media.elements.filter((element) => !before.has(element));
    await early.audio.unlock();
    const primed = made().find(({ plays, src }) => plays > 0 && src !== '');
    expect(primed?.isAudible).toBe(false);
    await early.register();
    await vi.dynamicImportSettled();
    await bench.ring(early);
    const sounding = playing();
    expect(sounding).toHaveLength(1);
    expect(sounding[0]).toBe(primed);
    expect(primed).toMatchObject({ muted: false, loop: true });
    expect(await readBlobUrl(primed?.src ?? '')).toBeDefined();
  });

  it('makes nothing to ring with where nothing is to ring', async () => {
    const early = bench.device({});
    const { length } = bench.media.elements;
    await early.audio.unlock();
    // The one that finds out whether sound is allowed.
    expect(bench.media.elements).toHaveLength(length + 1);
    expect(bench.media.element.src).toBe('');
  });

  it('leaves what rings alone', async () => {
    await bench.ring(device);
    await device.audio.unlock();
    expect(heard()).toEqual(['ringtone']);
  });

  it('rejects with DESTROYED after destroy()', async () => {
    device.destroy();
    expect(await codeOf(device.audio.unlock())).toBe('DESTROYED');
  });
});

describe('a ringtone that stalls', () => {
  const audible = () => bench.media.elements.filter(({ src, paused }) => src !== '' && !paused);

  it('is loaded as soon as the Device is registered, without a sound', () => {
    const loaded = bench.media.elements.filter(({ src }) => src === 'ringtone');
    expect(loaded).toHaveLength(1);
    expect(loaded[0]).toMatchObject({ plays: 0, paused: true });
  });

  it('makes way for the ringer after 2 s: one of the two at a time, and the file again for the next call', async () => {
    fakeClock();
    bench.media.holdPlay = true;
    const events = recordEvents(device);
    const { call } = await bench.ring(device);
    expect(audible().map(({ src }) => src)).toEqual(['ringtone']);
    bench.media.holdPlay = false;
    await advance(2_100);
    const [ringer, ...others] = playing();
    expect(others).toEqual([]);
    expect(ringer?.src).toMatch(/^blob:/);
    expect(events.of('error').map(([error]) => (error as { code: string }).code)).toEqual(['AUDIO_FAILED']);
    for (const element of bench.media.elements) element.settlePlay();
    await advance(5_000);
    expect(audible()).toEqual([ringer]);
    call.reject();
    await advance(100);
    expect(audible()).toEqual([]);
    await bench.ring(device);
    expect(heard()).toEqual(['ringtone']);
  });

  it('and comes late does not break into a call that was answered', async () => {
    fakeClock();
    bench.media.holdPlay = true;
    const { call, invite } = await bench.ring(device);
    await advance(1_000);
    await Promise.all([call.accept(), invite.answered()]);
    for (const element of bench.media.elements) element.settlePlay();
    await advance(5_000);
    expect(heard()).toEqual([]);
  });
});

it('a ringback that stalls makes way for the tone', async () => {
  fakeClock();
  bench.media.holdPlay = true;
  const { invite } = await bench.dial(device);
  invite.reply(180);
  await settle();
  expect(heard()).toEqual([]);
  bench.media.holdPlay = false;
  await advance(2_100);
  expect(heard()).toEqual([expect.stringMatching(/^blob:/)]);
});

describe('the output device', () => {
  const sinkOf = (src: string) => {
    const element = bench.media.elements.find((one) => one.src === src);
    return (element as unknown as { sinkId: string } | undefined)?.sinkId;
  };

  it('is the preferred one from the first moment, and followed', async () => {
    await device.setOutputDevice('headset-ear');
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
    expect(sinkOf('ringback')).toBe('headset-ear');
    await device.setOutputDevice('desk-speaker');
    expect(sinkOf('ringback')).toBe('desk-speaker');
    expect(heard()).toEqual(['ringback']);
  });

  it('that does not answer keeps ringback waiting for 300 ms, and no longer', async () => {
    await device.setOutputDevice('headset-ear');
    bench.media.holdOutput = true;
    fakeClock();
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await advance(250);
    expect(heard()).toEqual([]);
    await advance(100);
    expect(heard()).toEqual(['ringback']);
    expect(sinkOf('ringback')).toBe('');
    for (const element of bench.media.outputElements) element.settleOutput();
    await advance(100);
    expect(heard()).toEqual(['ringback']);
    expect(sinkOf('ringback')).toBe('headset-ear');
  });

  it('that answers after the ringing is over starts nothing', async () => {
    await device.setOutputDevice('headset-ear');
    bench.media.holdOutput = true;
    fakeClock();
    const { call, invite } = await bench.dial(device);
    invite.reply(180);
    await advance(100);
    await call.disconnect();
    await advance(1_000);
    for (const element of bench.media.outputElements) element.settleOutput();
    await advance(1_000);
    expect(heard()).toEqual([]);
  });

  it('that the Device began with and is not there: heard on the default one', async () => {
    await begin({ sounds: FILES, media: { outputDeviceId: 'gone' } });
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(heard()).toEqual(['ringback']);
    expect(sinkOf('ringback')).toBe('');
  });

  it('that changes after a sound has played does not play it again', async () => {
    const { invite, events } = await bench.dial(device);
    invite.reply(486);
    await events.next('disconnect');
    const [busy] = playing();
    busy?.end();
    await settle();
    await device.setOutputDevice('headset-ear');
    await settle();
    expect(heard()).toEqual([]);
  });
});

it('an INVITE with nothing to hear makes no sound', async () => {
  const invite = bench.server.invite({ body: sdpOffer().replace('m=audio', 'm=video') });
  await invite.response();
  expect(heard()).toEqual([]);
});

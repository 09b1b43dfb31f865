import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AudioLevel, Call } from '../../../src/index';
import { CallHost } from '../../../src/device/call-host';
import type { CarriedCall } from '../../../src/device/shared-protocol';
import { FakeWorklets } from '../../support/fake-worklets';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import { advance, agree, errorsOf, expectNothingHeld, fakeClock, useBench } from './bench';

const context = useBench();
let worklets: FakeWorklets;

beforeEach(() => {
  worklets = FakeWorklets.install();
});

afterEach(() => {
  for (const device of context.bench.devices) device.destroy();
  expect(worklets.open).toEqual([]);
  expect(worklets.running).toEqual([]);
  vi.unstubAllGlobals();
});

const live = () => context.bench.media.liveTracks;
const sending = () => context.bench.webRtc.connection.getSenders()[0]?.track;
const receiving = () => context.bench.webRtc.connection.getReceivers()[0]?.track;
const measured = () => worklets.running.flatMap(({ tracks }) => tracks);
const LOUD = { levelDbfs: -3, peakDbfs: 0 };
const ignore = () => undefined;

/** The first meter of a process loads its code, which takes real time. */
const untilMeasured = (count = 1) =>
  vi.waitFor(() => {
    expect(worklets.running).toHaveLength(count);
  });

function levelsOf(call: Call, event: 'inputLevel' | 'outputLevel'): AudioLevel[] {
  const levels: AudioLevel[] = [];
  call.on(event, (level) => levels.push(level));
  return levels;
}

describe('levels', () => {
  it('are measured while somebody listens, and only then', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await settle();
    expect(worklets.contexts).toEqual([]);

    const inputs = levelsOf(call, 'inputLevel');
    const outputs = levelsOf(call, 'outputLevel');
    await untilMeasured(2);
    expect(measured()).toEqual([sending(), receiving()]);
    worklets.measured(sending(), 0.5);
    expect([inputs, outputs]).toEqual([[LOUD], []]);
    worklets.measured(receiving(), 0.5);
    expect([inputs, outputs]).toEqual([[LOUD], [LOUD]]);

    call.on('inputLevel', ignore);
    call.off('inputLevel', ignore);
    expect(worklets.running).toHaveLength(2);
    expect(worklets.contexts).toHaveLength(1);
  });

  it('stop with the last listener, and start again with the next', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    for (let round = 1; round <= 3; round += 1) {
      call.on('inputLevel', ignore).on('inputLevel', ignore).on('outputLevel', ignore);
      await untilMeasured(2);
      call.off('outputLevel', ignore);
      expect(measured()).toEqual([sending()]);
      call.off('inputLevel', ignore);
      expect(worklets.open).toEqual([]);
      expect(worklets.running).toEqual([]);
    }
    expect(worklets.contexts).toHaveLength(3);
  });

  it('stop after the one that once() asked for', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    const once = vi.fn();
    call.once('inputLevel', once);
    await untilMeasured();
    worklets.measured(sending(), 0.5);
    expect(once).toHaveBeenCalledExactlyOnceWith(LOUD);
    expect(worklets.open).toEqual([]);
  });

  it('are not begun for a listener that left before the code was there', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    call.on('inputLevel', ignore).off('inputLevel', ignore);
    await settle();
    expect(worklets.contexts).toEqual([]);
  });

  it('begin with the microphone: not while a call rings here', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    const inputs = levelsOf(call, 'inputLevel');
    await settle();
    expect(worklets.contexts).toEqual([]);
    await Promise.all([call.accept(), invite.answered()]);
    await untilMeasured();
    worklets.measured(sending(), 0.5);
    expect(inputs).toEqual([LOUD]);
  });

  it('of the far end begin with early media', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.dial(device);
    const outputs = levelsOf(call, 'outputLevel');
    invite.reply(183, { body: sdpAnswer(invite.body) });
    await untilMeasured();
    worklets.measured(receiving(), 0.5);
    expect(outputs).toEqual([LOUD]);
  });

  it('follow the microphone, in the same audio context', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    const inputs = levelsOf(call, 'inputLevel');
    await untilMeasured();
    const former = sending();
    await call.setInputDevice('headset-mic');
    await untilMeasured();
    expect(sending()).not.toBe(former);
    expect(measured()).toEqual([sending()]);
    worklets.measured(former, 0.5);
    worklets.measured(sending(), 0.5);
    expect(inputs).toEqual([LOUD]);
    expect(worklets.contexts).toHaveLength(1);
  });

  it('stay with the microphone where another is refused', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    call.on('inputLevel', ignore);
    await untilMeasured();
    bench.media.refuseNext('NotReadableError');
    await expect(call.setInputDevice('headset-mic')).rejects.toMatchObject({ code: 'MICROPHONE_BUSY' });
    expect(measured()).toEqual([sending()]);
  });

  it('are those of what is sent: of a disabled track while muted or on hold', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    call.on('inputLevel', ignore);
    await untilMeasured();
    call.mute(true);
    expect(measured()).toEqual([sending()]);
    expect(sending()?.enabled).toBe(false);
    call.mute(false);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expect(measured().map(({ enabled }) => enabled)).toEqual([false]);
  });

  it.each(['hang-up', 'destroy'])('end with the call (%s), and nothing follows', async (how) => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    call.on('inputLevel', ignore).on('outputLevel', ignore).on('speakingWhileMuted', ignore);
    call.mute(true);
    await untilMeasured(3);
    if (how === 'destroy') device.destroy();
    else await call.disconnect();
    await events.next('disconnect');
    expect(worklets.open).toEqual([]);
    expect(worklets.running).toEqual([]);
    expectNothingHeld(bench);
    call.on('inputLevel', ignore).off('outputLevel', ignore).once('speakingWhileMuted', ignore);
    call.mute(true);
    await settle();
    expect(worklets.contexts).toHaveLength(1);
    expect(errorsOf(events)).toEqual([]);
  });

  it('leave nothing behind over fifty calls', async () => {
    const { bench, device } = context;
    for (let round = 0; round < 50; round += 1) {
      const { call, events } = await bench.talk(device);
      call.on('inputLevel', ignore).on('outputLevel', ignore).on('speakingWhileMuted', ignore);
      call.mute(true);
      await untilMeasured(3);
      void call.disconnect();
      await events.next('disconnect');
      expect(worklets.open).toEqual([]);
      expect(live()).toEqual([]);
    }
  }, 60_000);

  it('of two calls share the audio context', async () => {
    const { bench } = context;
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    const { call: first } = await bench.talk(device);
    const { call: second, invite } = await bench.ring(device);
    await Promise.all([second.accept(), invite.answered()]);
    first.on('inputLevel', ignore);
    second.on('inputLevel', ignore);
    await untilMeasured(2);
    expect(worklets.contexts).toHaveLength(1);
    await first.disconnect();
    expect(worklets.running).toHaveLength(1);
  });

  it('that cannot be measured are said once, and the call goes on', async () => {
    const { bench, device } = context;
    worklets.refusesModules = true;
    const { call, events } = await bench.talk(device);
    call.on('inputLevel', ignore).on('outputLevel', ignore);
    await events.next('error');
    call.mute(true);
    call.on('speakingWhileMuted', ignore);
    call.off('inputLevel', ignore).on('inputLevel', ignore);
    await settle();
    expect(errorsOf(events)).toEqual(['UNSUPPORTED']);
    expect(call.getStatus()).toBe('accepted');
    expect(live()).toHaveLength(1);
    expect(worklets.open).toEqual([]);
  });

  it('take the module from where the page has it', async () => {
    const { bench } = context;
    const device = await bench.registered({ media: { levelWorkletUrl: '/level-worklet.js' } });
    const { call } = await bench.talk(device);
    call.on('inputLevel', ignore);
    await untilMeasured();
    expect(worklets.contexts[0]?.modules).toEqual(['/level-worklet.js']);
  });

  it('are not started for other tabs, which do not get them', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    const told: string[] = [];
    new CallHost(({ event }) => told.push(event)).add(call as CarriedCall, 'another tab');
    await settle();
    expect(worklets.contexts).toEqual([]);
    call.on('inputLevel', ignore);
    await untilMeasured();
    worklets.measured(sending(), 0.5);
    expect(told).toEqual(['shared']);
  });
});

describe('speaking while muted', () => {
  const QUIET = 1e-6;
  const VOICE = 1e-3;

  async function muted(): Promise<{ call: Call; said: () => number; copy: () => MediaStreamTrack }> {
    const { call } = await context.bench.talk(context.device);
    const onSaid = vi.fn();
    call.on('speakingWhileMuted', onSaid);
    call.mute(true);
    await untilMeasured();
    return { call, said: () => onSaid.mock.calls.length, copy: () => measured()[0] as MediaStreamTrack };
  }

  async function hear(track: () => MediaStreamTrack, durationMs: number, power: number): Promise<void> {
    for (let atMs = 0; atMs < durationMs; atMs += 100) {
      await advance(100);
      worklets.measured(track(), power);
    }
  }

  it('is heard on a copy of the microphone that is sent nowhere', async () => {
    const { copy } = await muted();
    expect(live().map(({ enabled }) => enabled)).toEqual([false, true]);
    expect(sending()?.enabled).toBe(false);
    expect(copy()).toBe(live()[1]);
    expect(context.bench.webRtc.connection.getSenders().map(({ track }) => track)).not.toContain(copy());
  });

  it('is said once for a stretch of talk', async () => {
    fakeClock();
    const { said, copy } = await muted();
    await hear(copy, 1_000, QUIET);
    expect(said()).toBe(0);
    await hear(copy, 2_000, VOICE);
    expect(said()).toBe(1);
  });

  it('takes the copy away when the call is muted no more, and another one later', async () => {
    const { call, copy } = await muted();
    const former = copy();
    call.mute(false);
    expect(former.readyState).toBe('ended');
    expect(live()).toHaveLength(1);
    expect(worklets.open).toEqual([]);
    call.mute(true);
    await untilMeasured();
    expect(copy()).not.toBe(former);
  });

  it('takes the copy away with the last listener', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    call.mute(true);
    expect(live()).toHaveLength(1);
    call.on('speakingWhileMuted', ignore);
    await untilMeasured();
    expect(live()).toHaveLength(2);
    call.off('speakingWhileMuted', ignore);
    expect(live()).toHaveLength(1);
  });

  it('copies nothing while nobody is muted, on hold, or before the far end has answered', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.dial(device);
    call.on('speakingWhileMuted', ignore);
    call.mute(true);
    await settle();
    expect(live()).toHaveLength(1);
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await untilMeasured();
    expect(live()).toHaveLength(2);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expect(live()).toHaveLength(1);
    const resuming = call.hold(false);
    await agree(dialog, await dialog.expect('INVITE'));
    await resuming;
    await untilMeasured();
    expect(live()).toHaveLength(2);
    call.mute(false);
    expect(live()).toHaveLength(1);
  });

  it('follows the microphone, whose copy is the only one left', async () => {
    const { call, copy } = await muted();
    const former = copy();
    await call.setInputDevice('headset-mic');
    await untilMeasured();
    expect(former.readyState).toBe('ended');
    expect(live().map(({ source }) => source.deviceId)).toEqual(['headset-mic', 'headset-mic']);
    expect(live().map(({ enabled }) => enabled)).toEqual([false, true]);
  });

  it('survives a microphone that is unplugged', async () => {
    const { call } = await muted();
    context.bench.media.unplug('desk-mic');
    await vi.waitFor(() => {
      expect(measured().map(({ readyState }) => readyState)).toEqual(['live']);
    });
    expect(live()).toHaveLength(2);
    call.mute(false);
    expect(live()).toHaveLength(1);
  });
});

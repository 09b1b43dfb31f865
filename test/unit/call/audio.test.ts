import { describe, expect, it } from 'vitest';
import { codeOf, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpOffer } from '../../support/wire/sdp';
import { advance, agree, errorsOf, expectNothingHeld, fakeClock, useBench } from './bench';

const context = useBench();

const live = () => context.bench.media.liveTracks;
const sending = () => context.bench.webRtc.connection.getSenders()[0]?.track;
const deviceInUse = () => (sending() as unknown as { source: { deviceId: string } }).source.deviceId;

describe('mute', () => {
  it('before the answer is silent from the first packet on', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    call.mute(true);
    await Promise.all([call.accept(), invite.answered()]);
    expect(sending()?.enabled).toBe(false);
    call.mute(false);
    expect(sending()?.enabled).toBe(true);
    expect(events.names).toEqual(['mute', 'accepted', 'mute']);
  });

  it('while the prompt is open, and while the answer is on its way', async () => {
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const { call, invite } = await bench.ring(device);
    const accepting = call.accept();
    await settle();
    call.mute(true);
    bench.media.prompts[0]?.grant();
    await invite.response(200);
    expect(live().map(({ enabled }) => enabled)).toEqual([false]);
    call.mute(false);
    call.mute(true);
    await invite.answered();
    await accepting;
    expect(sending()?.enabled).toBe(false);
    expect(call.isMuted()).toBe(true);
  });

  it('emits changes only', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    for (const on of [false, true, true, false, false]) call.mute(on);
    expect(events.of('mute')).toEqual([[true], [false]]);
  });

  it.each([[undefined], [null], [1], ['off']])('takes no %j', async (on) => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    expect(() => {
      call.mute(on as unknown as boolean);
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
    expect(call.isMuted()).toBe(false);
  });

  it('outlives a device change, a hold, their hold and a resume (the microphone must stay silent)', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    call.mute(true);
    await call.setInputDevice('headset-mic');
    const expectSilent = () => {
      expect(live().map(({ enabled }) => enabled)).toEqual([false]);
      expect(sending()?.enabled).toBe(false);
      expect(call.isMuted()).toBe(true);
    };
    expectSilent();
    for (const on of [true, false]) {
      const changing = call.hold(on);
      await agree(dialog, await dialog.expect('INVITE'));
      await changing;
      expectSilent();
    }
    for (const direction of ['inactive', 'sendrecv'] as const) {
      await dialog.request('INVITE', { body: sdpOffer({ direction, version: 9 }) }).response(200);
      await settle();
      expectSilent();
    }
    call.mute(false);
    expect(sending()?.enabled).toBe(true);
  });

  it('lifted during a hold is heard only after the hold', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    call.mute(true);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    call.mute(false);
    await call.setInputDevice('headset-mic');
    expect(live().map(({ enabled }) => enabled)).toEqual([false]);
    const resuming = call.hold(false);
    await agree(dialog, await dialog.expect('INVITE'));
    await resuming;
    expect(live().map(({ enabled }) => enabled)).toEqual([true]);
  });

  it('of one of two calls is not the mute of the other', async () => {
    const { bench } = context;
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    const { call: first } = await bench.talk(device);
    first.mute(true);
    const { call: second, invite } = await bench.ring(device);
    await Promise.all([second.accept(), invite.answered()]);
    expect(live().map(({ enabled }) => enabled)).toEqual([false, true]);
  });
});

describe('the microphone of a call', () => {
  it('changes without a re-INVITE, and the old one is released', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    await settle();
    expect(deviceInUse()).toBe('headset-mic');
    expect(live().map(({ source }) => source.deviceId)).toEqual(['headset-mic']);
    expect(bench.server.requests('INVITE')).toHaveLength(1);
  });

  it('goes on when the new one cannot be opened', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    expect(await codeOf(call.setInputDevice('gone'))).toBe('MICROPHONE_NOT_FOUND');
    bench.media.refuseNext('NotReadableError');
    expect(await codeOf(call.setInputDevice('headset-mic'))).toBe('MICROPHONE_BUSY');
    expect(deviceInUse()).toBe('desk-mic');
    expect(live()).toHaveLength(1);
    expect(sending()?.enabled).toBe(true);
  });

  it('goes on when the connection refuses the new track', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    const [sender] = bench.webRtc.connection.getSenders();
    if (!sender) throw new Error('no sender');
    sender.replaceTrack = () => Promise.reject(new DOMException('no', 'InvalidModificationError'));
    await expect(call.setInputDevice('headset-mic')).rejects.toThrow();
    expect(deviceInUse()).toBe('desk-mic');
    expect(live().map(({ source }) => source.deviceId)).toEqual(['desk-mic']);
  });

  it('is the last one asked for when several are asked for at once', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await Promise.all(
      ['headset-mic', 'desk-mic', 'headset-mic', 'default'].map((id) => call.setInputDevice(id)),
    );
    expect(deviceInUse()).toBe('desk-mic');
    expect(live()).toHaveLength(1);
  });

  it('is not kept when the call ends during a change', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    const code = codeOf(call.setInputDevice('headset-mic'));
    while (live().length < 2) await new Promise((resolve) => setImmediate(resolve));
    await call.disconnect();
    expect(await code).toBe('INVALID_STATE');
    await settle();
    expectNothingHeld(bench);
  });

  it('does not follow the Device once it has asked for its own', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await Promise.all([call.setInputDevice('headset-mic'), device.setInputDevice('desk-mic')]);
    expect(deviceInUse()).toBe('headset-mic');
    await Promise.all([call.setOutputDevice('headset-ear'), device.setOutputDevice('desk-speaker')]);
    expect(bench.media.elements.find(({ src }) => src === '')).toMatchObject({ sinkId: 'headset-ear' });
  });

  it('follows the Device until it makes its own choice', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await device.setInputDevice('headset-mic');
    expect(deviceInUse()).toBe('headset-mic');
    await call.setInputDevice('desk-mic');
    await device.setInputDevice('headset-mic');
    expect(deviceInUse()).toBe('desk-mic');
  });

  it('that is unplugged gives way to the default one, muted as it was', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    call.mute(true);
    bench.media.unplug('headset-mic');
    await settle();
    expect(deviceInUse()).toBe('desk-mic');
    expect(live().map(({ enabled }) => enabled)).toEqual([false]);
    expect(errorsOf(events)).toEqual([]);
  });

  it('that is unplugged during a change gives way to the one that was chosen', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    bench.media.plug({ deviceId: 'usb-mic', kind: 'audioinput', label: 'USB', groupId: 'usb' });
    bench.media.autoGrant = false;
    const changing = call.setInputDevice('usb-mic');
    await settle();
    bench.media.unplug('headset-mic');
    await settle();
    bench.media.autoGrant = true;
    bench.media.prompts[0]?.grant();
    await changing;
    await settle();
    expect(deviceInUse()).toBe('usb-mic');
    expect(live().map(({ source }) => source.deviceId)).toEqual(['usb-mic']);
    expect(errorsOf(events)).toEqual([]);
  });

  it('that is unplugged during a change that fails gives way to the default one', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    bench.media.plug({ deviceId: 'usb-mic', kind: 'audioinput', label: 'USB', groupId: 'usb' });
    const [sender] = bench.webRtc.connection.getSenders();
    if (!sender) throw new Error('no sender');
    const replaceTrack = sender.replaceTrack.bind(sender);
    sender.replaceTrack = () => {
      sender.replaceTrack = replaceTrack;
      bench.media.unplug('headset-mic');
      return Promise.reject(new DOMException('no', 'InvalidModificationError'));
    };
    await expect(call.setInputDevice('usb-mic')).rejects.toThrow();
    await settle();
    expect(deviceInUse()).toBe('desk-mic');
    expect(live().map(({ source }) => source.deviceId)).toEqual(['desk-mic']);
  });

  it('that was the last one is an error, and the call lives', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    bench.media.unplug('headset-mic');
    bench.media.unplug('desk-mic');
    await events.next('error');
    expect(errorsOf(events)).toEqual(['MICROPHONE_NOT_FOUND']);
    expect(call.getStatus()).toBe('accepted');
    bench.media.plug({ deviceId: 'new-mic', kind: 'audioinput', label: 'New', groupId: 'new' });
    await call.setInputDevice('new-mic');
    expect(deviceInUse()).toBe('new-mic');
  });

  it.each([[undefined], [null], [7], [{}]])('is not %j', async (deviceId) => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    expect(await codeOf(call.setInputDevice(deviceId as string))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(call.setOutputDevice(deviceId as string))).toBe('INVALID_ARGUMENT');
  });
});

describe('a microphone that the system or the headset mutes', () => {
  it('is told beside the mute of the call, which stays', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    live()[0]?.setMuted(true);
    expect(call.isMuted()).toBe(false);
    live()[0]?.setMuted(false);
    expect(events.of('inputMuted')).toEqual([[true], [false]]);
    expect(events.of('mute')).toEqual([]);
  });

  it('is told when it was muted before the call, and lifted by another microphone', async () => {
    const { bench } = context;
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    await bench.talk(device);
    live()[0]?.setMuted(true);
    const { call, invite, events } = await bench.ring(device);
    await Promise.all([call.accept(), invite.answered()]);
    expect(events.of('inputMuted')).toEqual([[true]]);
    await call.setInputDevice('headset-mic');
    expect(events.of('inputMuted')).toEqual([[true], [false]]);
  });

  it('is no news once the call is over', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    live()[0]?.setMuted(true);
    await call.disconnect();
    await settle();
    expect(events.names).toEqual(['accepted', 'inputMuted', 'disconnect']);
  });
});

describe('the speaker of a call', () => {
  const sinkId = () => context.bench.media.outputElement.sinkId;

  it('plays the far end, and follows the Device until it makes its own choice', async () => {
    const { bench, device } = context;
    await device.setOutputDevice('desk-speaker');
    const { call } = await bench.talk(device);
    await settle();
    expect(bench.media.element.isAudible).toBe(true);
    expect(sinkId()).toBe('desk-speaker');
    await call.setOutputDevice('headset-ear');
    await device.setOutputDevice('desk-speaker');
    expect(sinkId()).toBe('headset-ear');
  });

  it('goes on when the new one does not exist', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await call.setOutputDevice('headset-ear');
    expect(await codeOf(call.setOutputDevice('gone'))).toBe('OUTPUT_DEVICE_FAILED');
    expect(sinkId()).toBe('headset-ear');
  });

  it('that the browser blocks is reported on the call, and starts with a gesture', async () => {
    const { bench, device } = context;
    bench.media.autoplayAllowed = false;
    const { call, invite, events } = await bench.ring(device);
    const onDevice = recordEvents(device);
    await Promise.all([call.accept(), invite.answered()]);
    await events.next('audioBlocked');
    bench.media.gesture();
    await events.next('audioUnblocked');
    expect(errorsOf(events)).toContain('AUDIO_BLOCKED');
    expect(onDevice.of('audioBlocked').length).toBeLessThanOrEqual(1);
  });
});

describe('the far end, when the browser stops playing it', () => {
  const remote = () => {
    const element = context.bench.media.elements.find(({ srcObject }) => srcObject !== null);
    if (!element) throw new Error('nothing plays the far end');
    return element;
  };

  it('is heard again, with no word of it', async () => {
    const { bench, device } = context;
    const { events } = await bench.talk(device);
    await settle();
    for (const stop of ['failOutput', 'pause'] as const) {
      remote()[stop]();
      await expect.poll(() => remote().isAudible).toBe(true);
    }
    expect(events.names).not.toContain('error');
  });

  it('for good is an error of the call, which goes on, and is heard on the next output', async () => {
    const { bench, device } = context;
    fakeClock();
    const { call, events } = await bench.talk(device);
    await advance(100);
    for (let time = 0; time < 10; time += 1) {
      remote().failOutput();
      await advance(5_000);
    }
    expect(errorsOf(events)).toEqual(['AUDIO_FAILED']);
    expect(call.getStatus()).toBe('accepted');
    expect(remote().isAudible).toBe(false);
    await call.setOutputDevice('desk-speaker');
    expect(remote().isAudible).toBe(true);
    await call.disconnect();
    expectNothingHeld(bench);
  });
});

import { describe, expect, it, vi } from 'vitest';
import type { Call, Device } from '../../../src/index';
import { codeOf, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpOffer } from '../../support/wire/sdp';
import { expectNothingHeld, statusesOf, useBench } from './bench';

const context = useBench();

describe('a further call', () => {
  it.each(['pending', 'ringing', 'accepted'])(
    'is refused with 486 while one is %s, without ringing',
    async (state) => {
      const { bench, device } = context;
      if (state === 'pending') await bench.dial(device);
      if (state === 'ringing') await bench.ring(device);
      if (state === 'accepted') await bench.talk(device);
      const events = recordEvents(device);
      const second = bench.server.invite({ body: sdpOffer(), from: 'second' });
      expect((await second.response()).status).toBe(486);
      await settle();
      expect(statusesOf(second)).not.toContain(180);
      expect(events.names).toEqual([]);
    },
  );

  it('in the same tick as the first gets 486, and the first rings', async () => {
    const { bench, device } = context;
    const events = recordEvents(device);
    const first = bench.server.invite({ body: sdpOffer(), from: 'first' });
    const second = bench.server.invite({ body: sdpOffer(), from: 'second' });
    expect((await second.response()).status).toBe(486);
    await first.response(180);
    await settle();
    expect(statusesOf(second)).not.toContain(180);
    expect(events.names).toEqual(['incoming']);
    expect(statusesOf(first)).toEqual([180]);
  });

  it('is refused while the microphone prompt of an outbound one is open', async () => {
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const connecting = codeOf(device.connect({ to: '100' }));
    await settle();
    const second = bench.server.invite({ body: sdpOffer() });
    expect((await second.response()).status).toBe(486);
    bench.media.prompts[0]?.deny('NotAllowedError');
    expect(await connecting).toBe('MICROPHONE_DENIED');
    await bench.ring(device);
  });

  it('rings beside the first where the Device allows it', async () => {
    const { bench } = context;
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    const first = await bench.talk(device);
    const second = await bench.ring(device);
    await Promise.all([second.call.accept(), second.invite.answered()]);
    expect(first.call.getStatus()).toBe('accepted');
    await first.call.disconnect();
    expect(second.call.getStatus()).toBe('accepted');
    expect(second.events.names).toEqual(['accepted']);
    await second.call.disconnect();
    expectNothingHeld(bench);
  });
});

describe('a listener that throws', () => {
  it('on incoming: the caller hears ringing all the same, and other listeners run', async () => {
    const { bench, device } = context;
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    const other = vi.fn();
    device.on('incoming', () => {
      throw new Error('in the listener');
    });
    device.on('incoming', other);
    const invite = bench.server.invite({ body: sdpOffer() });
    await invite.response(180);
    vi.unstubAllGlobals();
    expect(other).toHaveBeenCalledOnce();
    expect(reported).toHaveBeenCalledExactlyOnceWith(new Error('in the listener'));
  });

  it('on accepted and disconnect: nothing is left open', async () => {
    const { bench, device } = context;
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    const { call, invite } = await bench.ring(device);
    for (const event of ['accepted', 'disconnect'] as const) {
      call.on(event, () => {
        throw new Error(event);
      });
    }
    const [dialog] = await Promise.all([invite.answered(), call.accept()]);
    await dialog.request('BYE').response(200);
    await settle();
    vi.unstubAllGlobals();
    expect(reported).toHaveBeenCalledTimes(2);
    expectNothingHeld(bench);
    await bench.ring(device);
  });
});

describe('ringtone', () => {
  const isRinging = () =>
    context.bench.media.elements.some(({ src, isAudible }) => src === 'ring.mp3' && isAudible);

  it('sounds from the INVITE on and only for inbound calls', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(isRinging()).toBe(false);
    await call.disconnect();
    await bench.ring(device);
    expect(isRinging()).toBe(true);
  });

  type Stop = (
    call: Call,
    device: Device,
    invite: Awaited<ReturnType<typeof context.bench.ring>>['invite'],
  ) => unknown;
  it.each<[string, Stop]>([
    ['accept, before the prompt is answered', (call) => void call.accept()],
    [
      'reject',
      (call) => {
        call.reject();
      },
    ],
    ['disconnect', (call) => call.disconnect()],
    [
      'destroy',
      (_call, device) => {
        device.destroy();
      },
    ],
  ])('stops at once on %s', async (_name, stop) => {
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const { call, invite } = await bench.ring(device);
    expect(isRinging()).toBe(true);
    void stop(call, device, invite);
    expect(isRinging()).toBe(false);
  });

  it('stops on a cancel', async () => {
    const { bench, device } = context;
    const { events, invite } = await bench.ring(device);
    invite.cancel();
    await events.next('disconnect');
    expect(isRinging()).toBe(false);
  });

  it('resumes when the microphone fails, and stops for good with the answer', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    bench.media.refuseNext('NotAllowedError');
    const accepting = codeOf(call.accept());
    expect(isRinging()).toBe(false);
    expect(await accepting).toBe('MICROPHONE_DENIED');
    expect(isRinging()).toBe(true);
    await Promise.all([call.accept(), invite.answered()]);
    expect(isRinging()).toBe(false);
  });

  it('goes on for the second of two ringing calls', async () => {
    const { bench } = context;
    const device = await bench.registered({ allowIncomingWhileBusy: true, ringtoneUrl: 'ring.mp3' });
    const first = await bench.ring(device);
    const second = await bench.ring(device);
    first.call.reject();
    expect(isRinging()).toBe(true);
    second.call.reject();
    expect(isRinging()).toBe(false);
  });

  it('that the browser blocks is reported and hinders nothing', async () => {
    const { bench, device } = context;
    bench.media.autoplayAllowed = false;
    const events = recordEvents(device);
    const { call, invite } = await bench.ring(device);
    await events.next('audioBlocked');
    expect((await events.next('error'))[0]).toMatchObject({ code: 'AUDIO_BLOCKED' });
    bench.media.gesture();
    await events.next('audioUnblocked');
    expect(isRinging()).toBe(true);
    await Promise.all([call.accept(), invite.answered()]);
    expect(isRinging()).toBe(false);
  });
});

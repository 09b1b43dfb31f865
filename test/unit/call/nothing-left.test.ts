import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Device } from '../../../src/index';
import { AgentBench } from '../../support/agent';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import { advance, agree, expectNothingHeld, expectNoTimerLeft, fakeClock } from './bench';

let bench: AgentBench;
let device: Device;

beforeEach(async () => {
  bench = new AgentBench();
  device = await bench.registered();
  fakeClock();
});

afterEach(() => {
  bench.stop();
  vi.useRealTimers();
});

type Life = (bench: AgentBench, device: Device) => Promise<void>;

const LIVES: Readonly<Record<string, Life>> = {
  'placed, held, resumed, hung up here': async () => {
    const { call, dialog } = await bench.talk(device);
    for (const on of [true, false]) {
      const changing = call.hold(on);
      await agree(dialog, await dialog.expect('INVITE'));
      await changing;
    }
    await call.setInputDevice('headset-mic');
    await call.setOutputDevice('headset-ear');
    await call.disconnect();
  },
  'taken, hung up there': async () => {
    const { call, invite, events } = await bench.ring(device);
    const [dialog] = await Promise.all([invite.answered(), call.accept()]);
    const sending = codeOf(call.sendDigits('123456'));
    await dialog.request('BYE').response(200);
    await events.next('disconnect');
    await sending;
  },
  'refused by the far end': async () => {
    const { invite, events } = await bench.dial(device);
    invite.reply(486);
    await events.next('disconnect');
  },
  'cancelled here': async () => {
    const { call } = await bench.dial(device);
    await call.disconnect();
    await bench.server.next('CANCEL');
  },
  'cancelled there': async () => {
    const { invite, events } = await bench.ring(device);
    invite.cancel();
    await events.next('disconnect');
  },
  'refused here': async () => {
    const { call } = await bench.ring(device);
    call.reject();
    await settle();
  },
  'answered with something of no use': async () => {
    const { invite, events } = await bench.dial(device);
    bench.server.accept(invite, { body: '' });
    await events.next('disconnect');
  },
  'without a microphone': async () => {
    bench.media.refuseNext('NotFoundError');
    await codeOf(device.connect({ to: '100' }));
  },
  'answered by two': async () => {
    const { call, invite, events } = await bench.dial(device);
    const body = sdpAnswer(invite.body);
    bench.server.accept(invite, { body, toTag: 'a' });
    bench.server.accept(invite, { body, toTag: 'b' });
    await events.next('accepted');
    await settle();
    await call.disconnect();
  },
};

it.each(Object.entries(LIVES))('nothing is left of a call that was %s', async (_name, live) => {
  const timers = vi.getTimerCount();
  const listeners = bench.media.listeners;
  await live(bench, device);
  await settle();
  expectNothingHeld(bench);
  await expectNoTimerLeft(timers);
  expect(bench.media.listeners).toBe(listeners);
  expect(jssipLeftovers()).toEqual({ sessions: 0, dialogs: 0, transactions: 0 });
});

it('nothing is left of fifty calls in a row', async () => {
  const timers = vi.getTimerCount();
  const listeners = bench.media.listeners;
  for (let count = 0; count < 50; count += 1) {
    const { call } = await bench.talk(device);
    await call.disconnect();
    await advance(0);
  }
  expectNothingHeld(bench);
  await expectNoTimerLeft(timers);
  expect(bench.media.listeners).toBe(listeners);
  expect(jssipLeftovers()).toEqual({ sessions: 0, dialogs: 0, transactions: 0 });
});

/** What the SIP stack still keeps of calls; found through the raw session of a further call. */
function jssipLeftovers(): Record<string, number> {
  const count = (map: object) => Object.keys(map).length;
  const ua = rawUserAgent as {
    _sessions: object;
    _dialogs: object;
    _transactions: Record<string, object>;
  };
  return {
    sessions: count(ua._sessions),
    dialogs: count(ua._dialogs),
    transactions: Object.values(ua._transactions).reduce((sum, map) => sum + count(map), 0),
  };
}

let rawUserAgent: unknown;
beforeEach(async () => {
  await vi.dynamicImportSettled();
  const { call } = await bench.dial(device);
  rawUserAgent = (call.session as unknown as { _ua: unknown })._ua;
  await call.disconnect();
  // With this one the Device makes the tone that it keeps from then on.
  const { invite, events } = await bench.dial(device);
  invite.reply(486);
  await events.next('disconnect');
  await advance(33_000);
});

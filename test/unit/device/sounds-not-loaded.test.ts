import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AgentBench } from '../../support/agent';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';

/** A transform of the file on a busy machine. */
const PATIENT = { timeout: 10_000 };

let bench: AgentBench;
let arrive: () => void;
let fail: (error: Error) => void;

beforeEach(() => {
  const file = new Promise<void>((resolve, reject) => {
    arrive = resolve;
    fail = reject;
  });
  file.catch(() => undefined);
  // The network between the page and the file that the sounds are in.
  vi.doMock('../../../src/device/sound-stage', async (importOriginal) => {
    await file;
    return importOriginal();
  });
  bench = new AgentBench();
});
afterEach(() => {
  bench.stop();
  expect(bench.media.heldElements).toEqual([]);
  vi.doUnmock('../../../src/device/sound-stage');
});

const heard = () => bench.media.elements.filter(({ src, isAudible }) => src !== '' && isAudible);

it('a call goes its way while the sounds are on theirs, and is heard when they come', async () => {
  const device = await bench.registered();
  const { call, invite } = await bench.dial(device);
  invite.reply(180);
  await settle();
  expect(call.getStatus()).toBe('ringing');
  expect(heard()).toEqual([]);
  arrive();
  await vi.waitFor(() => {
    expect(heard()).toHaveLength(1);
  }, PATIENT);
  await call.disconnect();
  expect(heard()).toEqual([]);
});

it('a ringer that comes late rings', async () => {
  const device = await bench.registered({ sounds: { ringtone: true } });
  await bench.ring(device);
  expect(heard()).toEqual([]);
  arrive();
  await vi.waitFor(() => {
    expect(heard()).toHaveLength(1);
  }, PATIENT);
});

it('a call that is over when they come is told by nothing', async () => {
  const device = await bench.registered({ sounds: { hangUp: true } });
  const { invite, events } = await bench.dial(device);
  invite.reply(486);
  await events.next('disconnect');
  arrive();
  await vi.dynamicImportSettled();
  await settle();
  expect(heard()).toEqual([]);
});

it('after destroy() they are not made', async () => {
  const device = await bench.registered();
  device.destroy();
  arrive();
  await vi.dynamicImportSettled();
  await settle();
  expect(bench.media.elements).toEqual([]);
});

it("where they cannot be loaded, calls are silent and whole, and the page's own ringtone rings", async () => {
  const device = await bench.registered({ ringtoneUrl: 'ring.mp3' });
  fail(new Error('refused by the policy of the page'));
  await settle();
  const { invite, events } = await bench.dial(device);
  invite.reply(180);
  const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
  await dialog.expect('ACK');
  await events.next('accepted');
  await dialog.request('BYE').response(200);
  await events.next('disconnect');
  expect(events.of('error')).toEqual([]);
  const { call } = await bench.ring(device);
  expect(heard().map(({ src }) => src)).toEqual(['ring.mp3']);
  call.reject();
});

it('nothing is loaded for a Device without sounds', async () => {
  const device = await bench.registered({ sounds: { ringback: false, busy: false } });
  const { invite } = await bench.dial(device);
  invite.reply(180);
  arrive();
  await vi.dynamicImportSettled();
  await settle();
  expect(bench.media.elements.filter(({ src }) => src !== '')).toEqual([]);
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { AgentBench } from '../../support/agent';
import { sdpAnswer, sdpDirection } from '../../support/wire/sdp';

let bench: AgentBench;
beforeEach(() => {
  bench = new AgentBench();
});
afterEach(() => {
  bench.stop();
});

test('registers, calls, holds, resumes and hangs up', async () => {
  const device = await bench.registered();
  expect(device.isRegistered()).toBe(true);
  const { call, dialog, events } = await bench.talk(device);
  expect(call.getStatus()).toBe('accepted');
  const held = call.hold(true);
  const reinvite = await dialog.expect('INVITE');
  expect(sdpDirection(reinvite.body)).toBe('sendonly');
  expect(call.isOnHold()).toBe(false);
  reinvite.reply(200, { body: sdpAnswer(reinvite.body) });
  await held;
  expect(call.isOnHold()).toBe(true);
  await dialog.expect('ACK');
  await call.disconnect();
  await dialog.expect('BYE');
  expect(events.names).toEqual(['accepted', 'hold', 'disconnect']);
  expect(bench.media.liveTracks).toHaveLength(0);
  expect(bench.webRtc.live).toBe(0);
});

test('rings, answers and ends by the far end', async () => {
  const device = await bench.registered();
  const { call, invite, events } = await bench.ring(device, { headers: ['X-2Chat-Customer-Id: 42'], displayName: 'Jane' });
  expect(call.customHeaders).toEqual({ 'Customer-Id': '42' });
  const accepted = call.accept();
  const dialog = await invite.answered();
  await accepted;
  expect(call.getStatus()).toBe('accepted');
  await dialog.request('BYE').response(200);
  const [info] = await events.next('disconnect');
  expect(info).toMatchObject({ reason: 'hangup', initiator: 'remote' });
});

import { beforeEach, expect, it, vi } from 'vitest';
import { tokenFor } from '../../support/agent';
import { sdpAnswer } from '../../support/wire/sdp';
import { bench, pass, SECOND, useAgentBench } from './harness';

useAgentBench();
let urls: string[];
beforeEach(() => {
  urls = ['wss://former.test/ws'];
});
const fetchCredentials = vi.fn(() => Promise.resolve({ ...bench.credentials, ws_urls: urls }));

async function movedInOutage() {
  const device = await bench.registered({ fetchCredentials });
  const talk = await bench.talk(device);
  bench.server.auto.ok.add('UPDATE');
  bench.server.auto.ok.add('OPTIONS');
  bench.server.connection = (_attempt, url) => (url.includes('former') ? 'refuse' : 'accept');
  bench.server.cut();
  await pass(SECOND);
  urls = ['wss://other.test/ws'];
  await device.updateToken(tokenFor());
  await pass(5 * SECOND);
  expect(device.isRegistered()).toBe(true);
  bench.server.connection = 'accept';
  await pass(20 * SECOND);
  return talk;
}

it('a call of a user agent that was left in an outage can be held', async () => {
  const { call, dialog } = await movedInOutage();
  expect(call.getStatus()).toBe('accepted');
  let state = 'hanging';
  call.hold(true).then(
    () => (state = 'held'),
    () => (state = 'refused'),
  );
  await pass(SECOND);
  for (const request of bench.server.requests('INVITE'))
    if (dialog.owns(request) && request.finalStatus === undefined)
      request.reply(200, { body: sdpAnswer(request.body) });
  await pass(60 * SECOND);
  expect(state).not.toBe('hanging');
});

it('a call of a user agent that was left in an outage says that it is back', async () => {
  const device = await bench.registered({ fetchCredentials });
  const { call } = await bench.talk(device);
  const names: string[] = [];
  call.on('reconnecting', () => names.push('reconnecting'));
  call.on('reconnected', () => names.push('reconnected'));
  bench.server.connection = (_attempt, url) => (url.includes('former') ? 'refuse' : 'accept');
  bench.server.cut();
  await pass(SECOND);
  urls = ['wss://other.test/ws'];
  await device.updateToken(tokenFor());
  await pass(5 * SECOND);
  bench.server.connection = 'accept';
  await pass(60 * SECOND);
  expect(names.at(-1)).toBe('reconnected');
});

it('hung up in an outage and then unregistered: BYE is sent when the server is back', async () => {
  const device = await bench.registered({ fetchCredentials });
  const { call, dialog } = await bench.talk(device);
  bench.server.connection = 'refuse';
  bench.server.cut();
  await pass(SECOND);
  await call.disconnect();
  const done = device.unregister();
  await pass(SECOND);
  await done;
  bench.server.connection = 'accept';
  await pass(30 * SECOND);
  expect(bench.server.requests('BYE').filter((bye) => dialog.owns(bye)).length).toBeGreaterThan(0);
});

it('reconnected is not said without reconnecting before it', async () => {
  const device = await bench.registered({ fetchCredentials });
  const names: string[] = [];
  device.on('reconnecting', () => names.push('reconnecting'));
  device.on('reconnected', () => names.push('reconnected'));
  vi.setSystemTime(Date.now() + 3600 * SECOND);
  globalThis.dispatchEvent(new Event('online'));
  await pass(5 * SECOND);
  expect(names[0]).not.toBe('reconnected');
});

it('after a refusal for good (403) a live call still comes back', async () => {
  const device = await bench.registered({ fetchCredentials });
  const { call, dialog } = await bench.talk(device);
  bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
  bench.server.cut();
  await pass(20 * SECOND);
  expect(device.isRegistered()).toBe(false);
  expect(call.getStatus()).toBe('accepted');
  let state = 'hanging';
  call.hold(true).then(
    () => (state = 'held'),
    () => (state = 'refused'),
  );
  await pass(SECOND);
  for (const request of bench.server.requests('INVITE'))
    if (dialog.owns(request) && request.finalStatus === undefined)
      request.reply(200, { body: sdpAnswer(request.body) });
  await pass(60 * SECOND);
  expect(state).not.toBe('hanging');
});

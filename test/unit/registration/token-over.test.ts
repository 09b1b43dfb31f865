import { expect, it, vi } from 'vitest';
import type { Device, VoiceSDKError } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { codeOf, recordEvents, type Recorder } from '../../support/recorder';
import { sdpAnswer } from '../../support/wire/sdp';
import { bench, HOUR, MINUTE, pass, registers, SECOND, useAgentBench, wakeUp } from './harness';

useAgentBench();

const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));

function codes(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

/** A Device whose token is over and whose credentials are refused from now on. */
async function stranded(): Promise<{ device: Device; events: Recorder }> {
  fetchCredentials.mockClear();
  const device = await bench.registered({ token: tokenFor({ ttlSeconds: 120 }), fetchCredentials });
  const events = recordEvents(device);
  await pass(3 * MINUTE);
  bench.server.registrar.behaviour = { kind: 'refuse', status: 401 };
  bench.server.cut();
  return { device, events };
}

it('an agent whose credentials are refused when the token is over is told, and left alone', async () => {
  const { device, events } = await stranded();
  const asked = registers().length;
  const waiting = codeOf(device.register());
  await pass(10 * SECOND);
  expect(await waiting).toBe('TOKEN_EXPIRED');
  expect(events.names.slice(-3)).toEqual(['reconnecting', 'error', 'unregistered']);
  expect(codes(events)).toEqual(['TOKEN_EXPIRED', 'AUTH_ERROR']);
  expect(events.of('unregistered')).toEqual([[{ reason: expect.stringContaining('token') as string }]]);
  const told = events.names.length;
  wakeUp();
  await pass(HOUR);
  wakeUp();
  expect(events.names).toHaveLength(told);
  expect(registers().length - asked).toBeLessThanOrEqual(2);
  expect(fetchCredentials).toHaveBeenCalledOnce();
  expect(bench.server.sockets.filter(({ readyState }) => readyState === 1)).toHaveLength(0);
});

it('registers again with the next token', async () => {
  const { device, events } = await stranded();
  await pass(MINUTE);
  bench.server.registrar.behaviour = { kind: 'accept' };
  await device.updateToken(tokenFor());
  await pass(SECOND);
  expect(events.names.at(-1)).toBe('registered');
  expect(device.isRegistered()).toBe(true);
  await bench.ring(device);
});

it('registers again with a token that the listener has at hand', async () => {
  const { device, events } = await stranded();
  device.on('unregistered', () => {
    bench.server.registrar.behaviour = { kind: 'accept' };
    void device.updateToken(tokenFor());
  });
  await pass(10 * SECOND);
  expect(events.names.slice(-2)).toEqual(['unregistered', 'registered']);
  expect(device.isRegistered()).toBe(true);
});

it('goes on trying with it where the backend or the server is away', async () => {
  const { device, events } = await stranded();
  await pass(MINUTE);
  bench.server.registrar.behaviour = { kind: 'accept' };
  fetchCredentials.mockRejectedValueOnce(new Error('down')).mockRejectedValueOnce(new Error('down'));
  await device.updateToken(tokenFor());
  await pass(20 * SECOND);
  expect(codes(events).slice(-2)).toEqual(['CONFIG_FETCH_FAILED', 'CONFIG_FETCH_FAILED']);
  expect(device.isRegistered()).toBe(true);
});

it('is not brought back by a token after unregister()', async () => {
  const { device, events } = await stranded();
  await pass(MINUTE);
  await device.unregister();
  bench.server.registrar.behaviour = { kind: 'accept' };
  const asked = registers().length;
  await device.updateToken(tokenFor());
  await pass(MINUTE);
  expect(registers()).toHaveLength(asked);
  expect(events.names.at(-1)).toBe('unregistered');
});

it('a token that is refused as well is said once, and the next one is tried', async () => {
  const { device, events } = await stranded();
  await pass(MINUTE);
  await device.updateToken(tokenFor());
  await pass(10 * MINUTE);
  expect(codes(events)).toEqual(['TOKEN_EXPIRED', 'AUTH_ERROR', 'AUTH_ERROR']);
  bench.server.registrar.behaviour = { kind: 'accept' };
  await device.updateToken(tokenFor({ claims: { n: 2 } }));
  await pass(SECOND);
  expect(device.isRegistered()).toBe(true);
});

it('a live call goes on meanwhile', async () => {
  fetchCredentials.mockClear();
  const device = await bench.registered({ token: tokenFor({ ttlSeconds: 120 }), fetchCredentials });
  const { call, dialog } = await bench.talk(device);
  await pass(3 * MINUTE);
  bench.server.registrar.behaviour = { kind: 'refuse', status: 401 };
  bench.server.cut();
  await pass(10 * SECOND);
  for (const request of bench.server.requests('INVITE'))
    if (request.finalStatus === undefined) request.reply(200, { body: sdpAnswer(request.body) });
  await pass(SECOND);
  expect(device.isRegistered()).toBe(false);
  expect(call.getStatus()).toBe('accepted');
  bench.server.registrar.behaviour = { kind: 'accept' };
  await device.updateToken(tokenFor());
  await pass(SECOND);
  expect(device.isRegistered()).toBe(true);
  void call.disconnect();
  await dialog.expect('BYE');
});

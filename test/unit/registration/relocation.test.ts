import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Device, VoiceSDKError } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { recordEvents, type Recorder } from '../../support/recorder';
import { bench, MINUTE, pass, SECOND, useAgentBench } from './harness';

useAgentBench();

const FORMER = 'wss://former.test/ws';
const OTHER = 'wss://other.test/ws';

let place: { ws_urls: string[]; sip_uri: string; authorization_username: string };

beforeEach(() => {
  place = { ws_urls: [FORMER], sip_uri: 'sip:agent-1@pbx.test', authorization_username: 'agent-1' };
  bench.server.registrar.passwords.set('agent-2', bench.credentials.password);
});

const fetchCredentials = vi.fn(() => Promise.resolve({ ...bench.credentials, ...place }));

function toOtherServer(): void {
  place = { ...place, ws_urls: [OTHER] };
}

function toOtherAccount(): void {
  place = { ...place, sip_uri: 'sip:agent-2@pbx.test', authorization_username: 'agent-2' };
}

function bindings(): string[] {
  return bench.server
    .requests('REGISTER')
    .filter((request) => request.header('authorization') !== undefined)
    .map(
      (request) =>
        `${request.header('expires') === '0' ? 'remove' : 'bind'} ${addressOf(request.header('to'))}`,
    );
}

function addressOf(header: string | undefined): string {
  return /sip:([^>]+)/.exec(header ?? '')?.[1] ?? '';
}

function openUrls(): string[] {
  return bench.server.sockets.filter(({ readyState, OPEN }) => readyState === OPEN).map(({ url }) => url);
}

function errorCodes(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

async function registered(): Promise<{ device: Device; events: Recorder }> {
  const device = await bench.registered({ fetchCredentials });
  return { device, events: recordEvents(device) };
}

describe('credentials for other servers', () => {
  it('move the registration there, without a moment in which it is lost', async () => {
    const { device, events } = await registered();
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(SECOND);
    expect(device.isRegistered()).toBe(true);
    await pass(5 * SECOND);
    expect(openUrls()).toEqual([OTHER]);
    expect(events.names).toEqual([]);
  });

  it('do not remove the binding, which the registrar knows by its instance', async () => {
    const { device } = await registered();
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(5 * MINUTE);
    expect(bindings()).not.toContain('remove agent-1@pbx.test');
    const instances = [...bench.server.registrar.bindings.values()].map(({ instanceId }) => instanceId);
    expect(new Set(instances).size).toBe(1);
  });

  it('are called over from then on', async () => {
    const { device } = await registered();
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(5 * SECOND);
    const { call } = await bench.talk(device);
    expect(call.getStatus()).toBe('accepted');
  });

  it('ring from then on', async () => {
    const { device } = await registered();
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(5 * SECOND);
    const { call } = await bench.ring(device);
    expect(call.direction).toBe('inbound');
  });

  it('are not moved to when only their order is another', async () => {
    place = { ...place, ws_urls: [FORMER, OTHER] };
    const { device } = await registered();
    place = { ...place, ws_urls: [OTHER, FORMER] };
    await device.updateToken(tokenFor());
    await pass(5 * SECOND);
    expect(bench.server.attempts).toEqual([FORMER]);
    expect(device.isRegistered()).toBe(true);
  });

  it('that cannot be reached leave the former one in place, and are tried again', async () => {
    const { device, events } = await registered();
    bench.server.connection = (_attempt, url) => (url === OTHER ? 'refuse' : 'accept');
    toOtherServer();
    await device.updateToken(tokenFor());
    // The next try is due within ten seconds, and may be at any moment of them.
    await pass(0);
    expect(device.isRegistered()).toBe(true);
    expect(errorCodes(events)).toEqual(['SIGNALING_UNREACHABLE']);
    bench.server.connection = 'accept';
    await pass(12 * SECOND);
    expect(openUrls()).toEqual([OTHER]);
    expect(device.isRegistered()).toBe(true);
    expect(events.names).toEqual(['error']);
  });

  it('are forgotten when the next credentials name the former ones again', async () => {
    const { device } = await registered();
    bench.server.connection = (_attempt, url) => (url === OTHER ? 'refuse' : 'accept');
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(0);
    place = { ...place, ws_urls: [FORMER] };
    await device.updateToken(tokenFor());
    bench.server.connection = 'accept';
    await pass(3 * MINUTE);
    expect(openUrls()).toEqual([FORMER]);
  });

  it('are taken while the former ones are out of reach', async () => {
    const { device, events } = await registered();
    bench.server.connection = (_attempt, url) => (url === FORMER ? 'refuse' : 'accept');
    bench.server.cut();
    await pass(5 * SECOND);
    expect(device.isRegistered()).toBe(false);
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(SECOND);
    expect(device.isRegistered()).toBe(true);
    expect(events.names.at(-1)).toBe('reconnected');
    const tried = bench.server.attempts.length;
    await pass(2 * MINUTE);
    expect(bench.server.attempts).toHaveLength(tried);
  });

  it.each(['unregister', 'destroy'] as const)('are left alone after %s() half-way', async (method) => {
    const { device } = await registered();
    bench.server.connection = (_attempt, url) => (url === OTHER ? 'hang' : 'accept');
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(SECOND);
    void device[method]();
    await pass(MINUTE);
    expect(openUrls()).toEqual([]);
    expect(bench.server.registrar.bindings.size).toBe(0);
    expect(bench.server.attempts).toHaveLength(2);
  });
});

describe('a live call', () => {
  it('is finished over the former server, and the move comes after it', async () => {
    const { device, events } = await registered();
    const { call, dialog } = await bench.talk(device);
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(2 * MINUTE);
    expect(bench.server.attempts).toEqual([FORMER]);
    expect(call.getStatus()).toBe('accepted');
    void call.disconnect();
    await dialog.expect('BYE');
    await pass(5 * SECOND);
    expect(openUrls()).toEqual([OTHER]);
    expect(device.isRegistered()).toBe(true);
    expect(events.names).toEqual([]);
  });

  it('does not hold the agent back when the former server is lost', async () => {
    const { device } = await registered();
    const { call } = await bench.talk(device);
    bench.server.connection = (_attempt, url) => (url === FORMER ? 'refuse' : 'accept');
    toOtherServer();
    await device.updateToken(tokenFor());
    await pass(SECOND);
    bench.server.cut();
    await pass(SECOND);
    expect(device.isRegistered()).toBe(true);
    expect(openUrls()).toEqual([OTHER]);
    expect(call.getStatus()).toBe('accepted');
  });
});

describe('credentials for another account', () => {
  it('move the registration there and remove the former binding', async () => {
    const { device, events } = await registered();
    toOtherAccount();
    await device.updateToken(tokenFor());
    await pass(5 * SECOND);
    expect(device.isRegistered()).toBe(true);
    expect(bindings()).toEqual(['bind agent-1@pbx.test', 'bind agent-2@pbx.test', 'remove agent-1@pbx.test']);
    expect(openUrls()).toHaveLength(1);
    expect(events.names).toEqual([]);
    const { invite } = await bench.dial(device);
    expect(addressOf(invite.header('from'))).toBe('agent-2@pbx.test');
  });

  it('that is refused is an error, while the former one stays', async () => {
    const { device, events } = await registered();
    bench.server.registrar.passwords.set('agent-2', 'another');
    toOtherAccount();
    await device.updateToken(tokenFor());
    await pass(SECOND);
    expect(errorCodes(events)).toEqual(['AUTH_ERROR']);
    await pass(5 * MINUTE);
    expect(bench.server.attempts).toHaveLength(2);
    expect(device.isRegistered()).toBe(true);
  });

  it('take over when the former one is refused', async () => {
    const { device, events } = await registered();
    bench.server.registrar.passwords.set('agent-1', 'changed');
    toOtherAccount();
    await pass(5 * MINUTE);
    expect(device.isRegistered()).toBe(true);
    expect(events.names).toEqual(['reconnecting', 'error', 'reconnected']);
    expect(errorCodes(events)).toEqual(['REGISTER_ERROR']);
  });

  it('that are refused as well end in AUTH_ERROR', async () => {
    const { device, events } = await registered();
    bench.server.registrar.passwords.clear();
    bench.server.registrar.passwords.set('nobody', 'x');
    toOtherAccount();
    await pass(5 * MINUTE);
    expect(device.isRegistered()).toBe(false);
    expect(errorCodes(events)).toEqual(['REGISTER_ERROR', 'AUTH_ERROR']);
    expect(events.names.at(-1)).toBe('unregistered');
  });
});

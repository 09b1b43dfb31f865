import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Device, VoiceSDKError } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { codeOf, recordEvents, type Recorder } from '../../support/recorder';
import { bench, HOUR, MINUTE, pass, registers, SECOND, useAgentBench, wakeUp } from './harness';

useAgentBench();

const FIRST = 'wss://first.test/ws';
const OTHER = 'wss://second.test/ws';

function errorCodes(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

/** Lets time pass, step by step, until the refresh has failed. */
async function untilRefreshFails(device: Device): Promise<void> {
  const failed = vi.fn();
  device.on('error', failed);
  for (let turn = 0; turn < 300 && failed.mock.calls.length === 0; turn += 1) await pass(SECOND);
  expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'REGISTER_ERROR' }));
}

describe('several servers: the first one', () => {
  const device = () =>
    bench.device({
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, ws_urls: [FIRST, OTHER] }),
    });

  it.each([500, 503, 504])(
    'that answers the first REGISTER with %d is left for the second',
    async (status) => {
      bench.server.registrar.once({ kind: 'refuse', status });
      const phone = device();
      await phone.register();
      expect(bench.server.attempts).toEqual([FIRST, OTHER]);
      expect(phone.isRegistered()).toBe(true);
    },
  );

  it('that never answers it is left after 10 s', async () => {
    bench.server.registrar.once({ kind: 'silent' });
    const registered = vi.fn();
    void device().register().then(registered);
    await pass(10 * SECOND);
    await pass(SECOND);
    expect(registered).toHaveBeenCalledOnce();
    expect(bench.server.attempts).toEqual([FIRST, OTHER]);
  });

  it.each([403, 404])('that refuses it with %d speaks for all', async (status) => {
    bench.server.registrar.behaviour = { kind: 'refuse', status };
    expect(await codeOf(device().register())).toBe(status === 403 ? 'AUTH_ERROR' : 'REGISTRATION_FAILED');
    expect(bench.server.attempts).toEqual([FIRST]);
  });

  it('is what is reported when the second cannot be reached', async () => {
    bench.server.registrar.once({ kind: 'refuse', status: 503 });
    bench.server.connection = (_attempt, url) => (url === FIRST ? 'accept' : 'refuse');
    await expect(device().register()).rejects.toMatchObject({
      code: 'REGISTRATION_FAILED',
      cause: { statusCode: 503 },
    });
  });

  it('that has no room for a refresh is left for the second at once', async () => {
    const phone = device();
    await phone.register();
    const events = recordEvents(phone);
    bench.server.registrar.once({ kind: 'refuse', status: 503, headers: ['Retry-After: 60'] });
    await untilRefreshFails(phone);
    await pass(SECOND);
    expect(bench.server.attempts).toEqual([FIRST, OTHER]);
    expect(phone.isRegistered()).toBe(true);
    expect(events.names.at(-1)).toBe('reconnected');
  });

  it('and the second, both without room, are not tried in turn for ever', async () => {
    const phone = device();
    await phone.register();
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503, headers: ['Retry-After: 60'] };
    await untilRefreshFails(phone);
    const asked = registers().length;
    await pass(50 * SECOND);
    expect(registers().length - asked).toBeLessThanOrEqual(2);
    expect(bench.server.attempts.length).toBeLessThanOrEqual(3);
    bench.server.registrar.behaviour = { kind: 'accept' };
    await pass(30 * SECOND);
    expect(phone.isRegistered()).toBe(true);
  });

  it('is kept while a call runs over it', async () => {
    const phone = device();
    await phone.register();
    const { call } = await bench.talk(phone);
    bench.server.registrar.once({ kind: 'refuse', status: 503 });
    await untilRefreshFails(phone);
    await pass(5 * SECOND);
    expect(bench.server.attempts).toEqual([FIRST]);
    expect(call.getStatus()).toBe('accepted');
    expect(phone.isRegistered()).toBe(true);
  });
});

describe('Retry-After', () => {
  async function heldOff(seconds: number): Promise<Device> {
    const device = await bench.registered();
    const headers = [`Retry-After: ${seconds}`];
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503, headers };
    await untilRefreshFails(device);
    bench.server.registrar.behaviour = { kind: 'accept' };
    return device;
  }

  it('is kept by wake-ups and by an impatient application', async () => {
    const device = await heldOff(120);
    const asked = registers().length;
    for (let turn = 0; turn < 5; turn += 1) wakeUp();
    const code = codeOf(device.register());
    await pass(30 * SECOND);
    expect(await code).toBe('SIGNALING_UNREACHABLE');
    expect(registers()).toHaveLength(asked);
    await pass(105 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it('is kept over connections that the server closes', async () => {
    const device = await bench.registered();
    const headers = ['Retry-After: 120'];
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503, headers };
    bench.server.cut();
    const asked = registers().length;
    for (let elapsedMs = 0; elapsedMs < 119 * SECOND; elapsedMs += SECOND) {
      const before = registers().length;
      await pass(SECOND);
      if (registers().length > before || elapsedMs % (20 * SECOND) === 0) bench.server.cut();
    }
    expect(registers().length - asked).toBe(1);
    expect(bench.server.attempts.length).toBeGreaterThan(5);
    bench.server.registrar.behaviour = { kind: 'accept' };
    await pass(15 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it('does not keep a live call from its server when the connection is back', async () => {
    const device = await bench.registered();
    const { call, dialog } = await bench.talk(device);
    const headers = ['Retry-After: 120'];
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503, headers };
    bench.server.cut();
    await pass(3 * SECOND);
    bench.server.cut();
    await pass(10 * SECOND);
    expect(device.isRegistered()).toBe(false);
    void call.disconnect();
    await dialog.expect('BYE');
    expect(call.getStatus()).toBe('disconnected');
  });

  it('of one server holds for no other', async () => {
    const first = 'wss://first.test/ws';
    const credentials = { ...bench.credentials, ws_urls: [first, 'wss://other.test/ws'] };
    const device = await bench.registered({ fetchCredentials: () => Promise.resolve(credentials) });
    bench.server.registrar.once({ kind: 'refuse', status: 503, headers: ['Retry-After: 120'] });
    await untilRefreshFails(device);
    await pass(3 * SECOND);
    expect(bench.server.socket?.url).toBe('wss://other.test/ws');
    expect(device.isRegistered()).toBe(true);
  });

  it('of a day is an agent lost for a day: five minutes at most', async () => {
    const device = await heldOff(86_400);
    await pass(331 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it('spreads the agents that were all told the same', async () => {
    const chance = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const device = await heldOff(100);
    await pass(108 * SECOND);
    expect(device.isRegistered()).toBe(false);
    await pass(3 * SECOND);
    expect(device.isRegistered()).toBe(true);
    chance.mockRestore();
  });
});

describe('credentials that are refused', () => {
  it('are not used again before fresh ones have come, however often the connection drops', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = await bench.registered({ fetchCredentials });
    const events = recordEvents(device);
    fetchCredentials.mockRejectedValue(new TypeError('Failed to fetch'));
    bench.server.registrar.passwords.set('agent-1', 'changed');
    await untilRefreshFails(device);
    bench.server.cut();
    await pass(5 * SECOND);
    wakeUp();
    await pass(5 * SECOND);
    expect(new Set(errorCodes(events))).toEqual(new Set(['REGISTER_ERROR', 'CONFIG_FETCH_FAILED']));
    fetchCredentials.mockResolvedValue({ ...bench.credentials, password: 'changed' });
    await pass(31 * SECOND);
    expect(device.isRegistered()).toBe(true);
    expect(events.names).not.toContain('unregistered');
  });

  it('are fetched anew for each refusal, not once for all', async () => {
    let password = bench.credentials.password;
    const fetchCredentials = vi.fn(() => Promise.resolve({ ...bench.credentials, password }));
    const device = await bench.registered({ fetchCredentials });
    for (const next of ['second', 'third', 'fourth']) {
      password = next;
      bench.server.registrar.passwords.set('agent-1', next);
      await pass(5 * MINUTE);
      expect(device.isRegistered()).toBe(true);
    }
    expect(fetchCredentials).toHaveBeenCalledTimes(4);
  });

  it('and a token that is over: updateToken() brings the agent back', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = await bench.registered({ fetchCredentials, token: tokenFor({ ttlSeconds: 60 }) });
    await pass(2 * MINUTE);
    const events = recordEvents(device);
    bench.server.registrar.once({ kind: 'refuse', status: 403 });
    await untilRefreshFails(device);
    await pass(MINUTE);
    expect(fetchCredentials).toHaveBeenCalledOnce();
    expect(errorCodes(events)).toEqual(['REGISTER_ERROR', 'AUTH_ERROR']);
    await device.updateToken(tokenFor());
    await pass(SECOND);
    expect(device.isRegistered()).toBe(true);
  });
});

describe('registered', () => {
  it('is not said of a binding that has expired unseen', async () => {
    const device = await bench.registered();
    vi.setSystemTime(Date.now() + 301 * SECOND);
    expect(device.isRegistered()).toBe(false);
    wakeUp();
    await pass(SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it('is said again within seconds when the clock is put forward, with no word of a loss', async () => {
    const device = await bench.registered();
    await pass(20 * SECOND);
    const events = recordEvents(device);
    vi.setSystemTime(Date.now() + 10 * MINUTE);
    await pass(7 * SECOND);
    expect(device.isRegistered()).toBe(true);
    expect(events.names).toEqual([]);
  });

  it('renews a binding that may have expired when a sleep comes to light that nobody told of', async () => {
    const device = await bench.registered();
    await pass(20 * SECOND);
    const asked = registers().length;
    vi.setSystemTime(Date.now() + 4 * MINUTE);
    await pass(7 * SECOND);
    expect(registers().length).toBe(asked + 1);
    await pass(20 * SECOND);
    expect(registers().length).toBe(asked + 1);
    expect(device.isRegistered()).toBe(true);
  });

  it('is not said for longer when the clock is put back', async () => {
    bench.server.registrar.maxExpiresSeconds = 60;
    const device = await bench.registered();
    bench.server.registrar.behaviour = { kind: 'silent' };
    vi.setSystemTime(Date.now() - 10 * MINUTE);
    await pass(61 * SECOND);
    expect(device.isRegistered()).toBe(false);
  });

  it('is said for as long as the registrar granted, not as long as we asked', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.9);
    bench.server.registrar.maxExpiresSeconds = 60;
    const device = await bench.registered();
    // The renewal after 43.5 s is waited for until 75.5 s (timer F).
    bench.server.registrar.behaviour = { kind: 'silent' };
    await pass(59 * SECOND);
    expect(device.isRegistered()).toBe(true);
    await pass(2 * SECOND);
    expect(device.isRegistered()).toBe(false);
  });

  it('is not said when nothing has come from the server for long', async () => {
    const device = await bench.registered();
    await pass(MINUTE);
    bench.server.connection = 'hang';
    bench.server.freeze();
    expect(device.isRegistered()).toBe(true);
    await pass(10 * SECOND);
    expect(device.isRegistered()).toBe(false);
  });

  it('stays true for hours, each binding renewed between half and three quarters of its life', async () => {
    const device = await bench.registered({ token: tokenFor({ ttlSeconds: 36_000 }) });
    const events = recordEvents(device);
    const before = registers().length;
    for (let elapsedMs = 0; elapsedMs < 2 * HOUR; elapsedMs += 10 * SECOND) {
      await pass(10 * SECOND);
      expect(device.isRegistered()).toBe(true);
    }
    // 7200 s of 300 s each: 48 at most, 32 at least.
    expect(registers().length - before).toBeGreaterThanOrEqual(32);
    expect(registers().length - before).toBeLessThanOrEqual(49);
    expect(events.names).toEqual([]);
  });
});

describe('a page asleep for an hour', () => {
  let device: Device;
  let events: Recorder;

  beforeEach(async () => {
    const life = () => new Date(Date.now() + 40 * MINUTE).toISOString();
    device = await bench.registered({
      token: tokenFor({ ttlSeconds: 1800 }),
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, expires_at: life() }),
    });
    events = recordEvents(device);
    vi.setSystemTime(Date.now() + HOUR);
  });

  afterEach(async () => {
    await pass(MINUTE);
    expect(errorCodes(events).filter((code) => code === 'TOKEN_EXPIRED')).toHaveLength(1);
  });

  it('renews its expired binding at once when it wakes up, and says that it was gone', async () => {
    expect(device.isRegistered()).toBe(false);
    wakeUp();
    await pass(0);
    expect(device.isRegistered()).toBe(true);
    expect(events.names.at(-1)).toBe('reconnected');
  });

  it('reports the token that ran out once, after the warning that is due', async () => {
    for (const type of ['pageshow', 'online', 'online']) globalThis.dispatchEvent(new Event(type));
    await pass(SECOND);
    expect(events.names.slice(0, 3)).toEqual(['reconnecting', 'tokenWillExpire', 'error']);
    expect(events.of('tokenWillExpire')).toHaveLength(1);
  });

  it('sends no burst of what its timers overslept', async () => {
    const asked = registers().length;
    for (let turn = 0; turn < 3; turn += 1) wakeUp();
    await pass(30 * SECOND);
    expect(registers().length - asked).toBeLessThanOrEqual(2);
  });

  it('does the same within half a minute when nobody told it of the wake-up', async () => {
    await pass(30 * SECOND);
    expect(errorCodes(events)).toEqual(['TOKEN_EXPIRED']);
  });
});

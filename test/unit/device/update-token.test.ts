import { describe, expect, it, vi } from 'vitest';
import type { FetchCredentials, SipCredentials } from '../../../src/index';
import { PASSWORD, tokenFor } from '../../support/agent';
import { codeOf, recordEvents } from '../../support/recorder';
import { digestHa1 } from '../../support/wire/digest';
import { bench, HOUR, MINUTE, pass, registers, SECOND, START, useAgentBench } from '../registration/harness';

useAgentBench();

describe('updateToken() that rejects changes nothing', () => {
  it.each([
    ['another user', () => tokenFor({ userUuid: 'agent-2', ttlSeconds: 9999 }), 'TOKEN_USER_MISMATCH'],
    ['expired', () => tokenFor({ ttlSeconds: -1 }), 'TOKEN_EXPIRED'],
    ['malformed', () => 'a.b.c', 'TOKEN_INVALID'],
    ['not a string', () => null, 'TOKEN_INVALID'],
    ['without exp', () => tokenFor({ ttlSeconds: null }), 'TOKEN_NO_EXPIRY'],
    ['from the future', () => tokenFor({ claims: { nbf: START / 1000 + 1200 } }), 'TOKEN_NOT_YET_VALID'],
  ])('%s', async (_what, token, code) => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = await bench.registered({ fetchCredentials });
    const events = recordEvents(device);
    expect(await codeOf(device.updateToken(token() as string))).toBe(code);
    await pass(SECOND);
    expect(device.identity.user_uuid).toBe('agent-1');
    expect(device.tokenExpiresAt).toEqual(new Date(START + HOUR));
    expect(fetchCredentials).toHaveBeenCalledOnce();
    expect(events.names).toEqual([]);
    await pass(59 * MINUTE);
    expect(events.names).toEqual(['tokenWillExpire']);
  });
});

describe('updateToken()', () => {
  it('rescues a Device that was made with a token nobody can read', async () => {
    const device = bench.device({ token: 'undefined' });
    expect(await codeOf(device.register())).toBe('TOKEN_INVALID');
    await device.updateToken(tokenFor());
    await device.register();
    expect(device.isRegistered()).toBe(true);
  });

  it('exchanges the new token for credentials, and keeps the binding', async () => {
    const fetchCredentials = vi.fn<FetchCredentials>(() => Promise.resolve(bench.credentials));
    const device = await bench.registered({ fetchCredentials });
    const events = recordEvents(device);
    const fresh = tokenFor({ label: 'fresh' });
    await device.updateToken(fresh);
    await pass(SECOND);
    expect(fetchCredentials.mock.calls.at(-1)?.[0]).toBe(fresh);
    expect(bench.server.attempts).toHaveLength(1);
    expect(bench.server.registrar.bindings.size).toBe(1);
    expect(device.isRegistered()).toBe(true);
    expect(events.names).toEqual([]);
  });

  it('uses the new password from the next challenge on', async () => {
    let password = PASSWORD;
    const device = await bench.registered({
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, password }),
    });
    const events = recordEvents(device);
    password = 'rotated';
    bench.server.registrar.passwords.set('agent-1', password);
    await device.updateToken(tokenFor());
    await pass(10 * MINUTE);
    expect(device.isRegistered()).toBe(true);
    bench.server.auto.challengeInvite = true;
    const { call } = await bench.dial(device);
    expect(call.getStatus()).toBe('pending');
    expect(events.names).toEqual([]);
  });

  it('can switch from a password to a hash and back', async () => {
    const { ws_urls, sip_uri, authorization_username } = bench.credentials;
    const ha1 = digestHa1('agent-1', 'pbx.test', PASSWORD);
    const hashed = { ws_urls, sip_uri, authorization_username, ha1, realm: 'pbx.test' };
    let credentials: SipCredentials = bench.credentials;
    const device = await bench.registered({ fetchCredentials: () => Promise.resolve(credentials) });
    for (const next of [hashed, bench.credentials, hashed]) {
      credentials = next;
      await device.updateToken(tokenFor());
      await pass(5 * MINUTE);
      expect(device.isRegistered()).toBe(true);
    }
  });

  it('leaves live calls alone', async () => {
    const device = await bench.registered();
    const { call, events } = await bench.talk(device);
    await device.updateToken(tokenFor());
    await pass(MINUTE);
    expect(call.getStatus()).toBe('accepted');
    expect(events.names).toEqual(['accepted']);
  });

  it('while registering is followed by credentials for the new token', async () => {
    const fetchCredentials = vi.fn<FetchCredentials>(() => Promise.resolve(bench.credentials));
    const first = tokenFor();
    const device = bench.device({ token: first, fetchCredentials });
    const registering = device.register();
    await bench.server.opened();
    const second = tokenFor({ label: 'second' });
    await device.updateToken(second);
    await registering;
    await pass(0);
    expect(fetchCredentials.mock.calls.map(([token]) => token)).toEqual([first, second]);
    expect(device.isRegistered()).toBe(true);
  });

  it('before register() is what register() uses', async () => {
    const fetchCredentials = vi.fn<FetchCredentials>(() => Promise.resolve(bench.credentials));
    const device = bench.device({ fetchCredentials });
    const second = tokenFor({ label: 'second' });
    await device.updateToken(second);
    expect(vi.getTimerCount()).toBe(0);
    await device.register();
    expect(fetchCredentials.mock.calls.map(([token]) => token)).toEqual([second]);
  });

  it('while the connection is down is used when it is back', async () => {
    let password = PASSWORD;
    const device = await bench.registered({
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, password }),
    });
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(SECOND);
    password = 'rotated';
    bench.server.registrar.passwords.set('agent-1', password);
    await device.updateToken(tokenFor());
    bench.server.connection = 'accept';
    await pass(31 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it('whose exchange fails is an error event, and the exchange is repeated', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = await bench.registered({ fetchCredentials });
    const events = recordEvents(device);
    fetchCredentials.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await device.updateToken(tokenFor());
    await pass(3 * SECOND);
    expect(events.names).toEqual(['error']);
    expect(events.of('error')[0]?.[0]).toMatchObject({ code: 'CONFIG_FETCH_FAILED' });
    expect(fetchCredentials).toHaveBeenCalledTimes(3);
    expect(device.isRegistered()).toBe(true);
  });
});

describe('credentials with a lifetime', () => {
  it('are replaced before they expire, and the binding renewed with the new ones', async () => {
    const fetchCredentials = vi.fn(() =>
      Promise.resolve({ ...bench.credentials, expires_at: new Date(Date.now() + 10 * MINUTE).toISOString() }),
    );
    const device = await bench.registered({
      fetchCredentials,
      token: tokenFor({ ttlSeconds: 86_400 }),
    });
    const events = recordEvents(device);
    await pass(9 * MINUTE);
    expect(fetchCredentials).toHaveBeenCalledTimes(2);
    await pass(51 * MINUTE);
    expect(fetchCredentials).toHaveBeenCalledTimes(7);
    expect(device.isRegistered()).toBe(true);
    expect(events.names).toEqual([]);
  });

  it('bound to the token are not asked for again and again', async () => {
    const expires_at = new Date(START + HOUR).toISOString();
    const fetchCredentials = vi.fn(() => Promise.resolve({ ...bench.credentials, expires_at }));
    await bench.registered({ fetchCredentials });
    await pass(59.9 * MINUTE);
    expect(fetchCredentials).toHaveBeenCalledTimes(2);
    expect(registers().length).toBeLessThan(60);
  });

  it.each([null, undefined])('of unknown length (%s) are kept', async (expires_at) => {
    const fetchCredentials = vi.fn(() => Promise.resolve({ ...bench.credentials, expires_at } as never));
    const device = await bench.registered({ fetchCredentials });
    await pass(50 * MINUTE);
    expect(fetchCredentials).toHaveBeenCalledOnce();
    expect(device.isRegistered()).toBe(true);
  });

  it('whose replacement fails are kept, and it is tried again', async () => {
    const life = () => new Date(Date.now() + 10 * MINUTE).toISOString();
    const fetchCredentials = vi.fn(() => Promise.resolve({ ...bench.credentials, expires_at: life() }));
    const device = await bench.registered({ fetchCredentials });
    const events = recordEvents(device);
    fetchCredentials.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await pass(9 * MINUTE + 3 * SECOND);
    expect(events.names).toEqual(['error']);
    expect(fetchCredentials).toHaveBeenCalledTimes(3);
    expect(device.isRegistered()).toBe(true);
  });
});

import { describe, expect, it, vi } from 'vitest';
import type { VoiceSDKError } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { codeOf, recordEvents, type Recorder } from '../../support/recorder';
import { sdpAnswer, sdpOffer } from '../../support/wire/sdp';
import { bench, HOUR, MINUTE, pass, SECOND, START, useAgentBench, wakeUp } from '../registration/harness';

useAgentBench();

const DAY = 24 * HOUR;

function warnings(events: Recorder): Date[] {
  return events.of('tokenWillExpire').map(([detail]) => (detail as { expiresAt: Date }).expiresAt);
}

function errorCodes(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

describe('register() with a token that cannot be used', () => {
  it.each([
    ['malformed', () => 'not-a-jwt', 'TOKEN_INVALID'],
    ['not a string', () => undefined, 'TOKEN_INVALID'],
    ['without user_uuid', () => tokenFor({ claims: { user_uuid: undefined } }), 'TOKEN_INVALID'],
    ['expired', () => tokenFor({ ttlSeconds: 0 }), 'TOKEN_EXPIRED'],
    ['without exp', () => tokenFor({ ttlSeconds: null }), 'TOKEN_NO_EXPIRY'],
    ['from the future', () => tokenFor({ claims: { nbf: START / 1000 + 3600 } }), 'TOKEN_NOT_YET_VALID'],
  ])('%s', async (_what, token, code) => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = bench.device({ token: token() as string, fetchCredentials });
    expect(await codeOf(device.register())).toBe(code);
    expect(fetchCredentials).not.toHaveBeenCalled();
    await pass(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('identity', () => {
  it('is read from the token without registering', () => {
    const device = bench.device({
      token: tokenFor({ userUuid: 'agent-7', label: 'Jane', claims: { tenant: 3 } }),
    });
    expect(device.identity).toMatchObject({ user_uuid: 'agent-7', label: 'Jane', tenant: 3 });
    expect(device.label).toBe('Jane');
    expect(device.tokenExpiresAt).toEqual(new Date(START + HOUR));
  });

  it('has no label where the token has none', () => {
    expect(bench.device().label).toBeUndefined();
    expect(bench.device({ token: tokenFor({ claims: { label: null } }) }).label).toBeUndefined();
  });

  it('follows updateToken()', async () => {
    const device = bench.device();
    await device.updateToken(tokenFor({ label: 'Jane', ttlSeconds: 7200 }));
    expect(device.label).toBe('Jane');
    expect(device.tokenExpiresAt).toEqual(new Date(START + 2 * HOUR));
  });

  it('throws a TokenError where there is nothing to read', () => {
    const device = bench.device({ token: 'nonsense' });
    for (const read of [() => device.identity, () => device.label, () => device.tokenExpiresAt]) {
      expect(read).toThrow(expect.objectContaining({ name: 'TokenError', code: 'TOKEN_INVALID' }));
    }
  });
});

describe('tokenWillExpire', () => {
  it('fires once, a minute before exp', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    await pass(59 * MINUTE - 1);
    expect(warnings(events)).toEqual([]);
    await pass(1);
    expect(warnings(events)).toEqual([new Date(START + HOUR)]);
    await pass(2 * HOUR);
    expect(warnings(events)).toHaveLength(1);
  });

  it('fires tokenExpiryLeadMs before exp', async () => {
    const device = await bench.registered({ tokenExpiryLeadMs: 10 * MINUTE });
    const events = recordEvents(device);
    await pass(50 * MINUTE);
    expect(warnings(events)).toHaveLength(1);
  });

  it('fires at once, but only after register() returned, inside the lead', async () => {
    const device = bench.device({ token: tokenFor({ ttlSeconds: 30 }) });
    const events = recordEvents(device);
    const registering = device.register();
    expect(warnings(events)).toEqual([]);
    await pass(0);
    await registering;
    expect(warnings(events)).toHaveLength(1);
  });

  it('fires once for a token however often register() is tried', async () => {
    bench.server.connection = 'refuse';
    const device = bench.device({ token: tokenFor({ ttlSeconds: 30 }) });
    const events = recordEvents(device);
    for (let turn = 0; turn < 3; turn += 1) {
      await codeOf(device.register());
      await pass(SECOND);
    }
    await device.unregister();
    await codeOf(device.register());
    await pass(SECOND);
    expect(warnings(events)).toHaveLength(1);
  });

  it('is armed again by every updateToken()', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    await pass(30 * MINUTE);
    await device.updateToken(tokenFor());
    await pass(59 * MINUTE - 1);
    expect(warnings(events)).toEqual([]);
    await pass(1);
    await device.updateToken(tokenFor());
    await pass(59 * MINUTE);
    expect(warnings(events)).toEqual([new Date(START + 90 * MINUTE), new Date(START + 149 * MINUTE)]);
    expect(errorCodes(events)).toEqual([]);
  });

  it('does not speak of a token that was replaced after a failed register()', async () => {
    bench.server.connection = 'refuse';
    const device = bench.device();
    await codeOf(device.register());
    const events = recordEvents(device);
    await pass(30 * MINUTE);
    await device.updateToken(tokenFor({ ttlSeconds: 2 * 3600 }));
    await pass(HOUR);
    expect(events.names).toEqual([]);
  });

  it('is right for a token that lives longer than one timer can (24.8 days)', async () => {
    const device = await bench.registered({ token: tokenFor({ ttlSeconds: (40 * DAY) / 1000 }) });
    const events = recordEvents(device);
    await pass(MINUTE);
    expect(warnings(events)).toEqual([]);
    await device.unregister();
  });

  it('comes on wake-up when its moment passed during sleep', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    vi.setSystemTime(START + 59.5 * MINUTE);
    expect(events.names).toEqual([]);
    wakeUp();
    expect(warnings(events)).toEqual([new Date(START + HOUR)]);
    expect(errorCodes(events)).toEqual([]);
  });

  it('comes within half a minute of a wake-up that nobody announced', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    vi.setSystemTime(START + 59.5 * MINUTE);
    await pass(30 * SECOND);
    expect(warnings(events)).toHaveLength(1);
  });
});

describe('at exp without a fresh token', () => {
  it('TOKEN_EXPIRED is an error event, once', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    await pass(HOUR - 1);
    expect(errorCodes(events)).toEqual([]);
    await pass(1);
    expect(errorCodes(events)).toEqual(['TOKEN_EXPIRED']);
    await pass(2 * HOUR);
    wakeUp();
    await pass(SECOND);
    expect(errorCodes(events)).toEqual(['TOKEN_EXPIRED']);
  });

  it('new calls are refused in both directions', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    await pass(HOUR);
    expect(await codeOf(device.connect({ to: '100' }))).toBe('TOKEN_EXPIRED');
    const invite = bench.server.invite({ body: sdpOffer() });
    expect((await invite.response()).status).toBe(480);
    expect(invite.responses.map(({ status }) => status)).not.toContain(180);
    expect(events.of('incoming')).toEqual([]);
    expect(bench.media.requests).toEqual([]);
  });

  it('live calls go on untouched', async () => {
    const device = await bench.registered();
    const { call, dialog, events } = await bench.talk(device);
    await pass(2 * HOUR);
    expect(call.getStatus()).toBe('accepted');
    expect(events.names).toEqual(['accepted']);
    expect(bench.media.liveTracks).toHaveLength(1);
    void call.disconnect();
    await dialog.expect('BYE');
  });

  it('a fresh token makes calls possible again', async () => {
    const device = await bench.registered();
    await pass(2 * HOUR);
    await device.updateToken(tokenFor());
    const { call } = await bench.talk(device);
    expect(call.getStatus()).toBe('accepted');
  });

  it('both events come in their order when a sleep went past both moments', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    vi.setSystemTime(START + 3 * HOUR);
    wakeUp();
    expect(events.names.filter((name) => name !== 'reconnecting')).toEqual(['tokenWillExpire', 'error']);
  });
});

describe('exp comes', () => {
  it('while a call rings: it may still be answered', async () => {
    const device = await bench.registered({ token: tokenFor({ ttlSeconds: 90 }) });
    await pass(MINUTE);
    const events = recordEvents(device);
    const { call, invite } = await bench.ring(device);
    await pass(MINUTE);
    expect(errorCodes(events)).toEqual(['TOKEN_EXPIRED']);
    expect(call.getStatus()).toBe('ringing');
    void call.accept();
    expect((await invite.response()).status).toBe(200);
  });

  it('while a call rings: it may still be rejected', async () => {
    const device = await bench.registered({ token: tokenFor({ ttlSeconds: 90 }) });
    await pass(MINUTE);
    const { call, invite } = await bench.ring(device);
    await pass(MINUTE);
    call.reject();
    expect((await invite.response()).status).toBe(486);
  });

  it('while a call is dialled: it may still be answered', async () => {
    const device = await bench.registered({ token: tokenFor({ ttlSeconds: 90 }) });
    const { call, invite, events } = await bench.dial(device);
    await pass(2 * MINUTE);
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await events.next('accepted');
    expect(call.getStatus()).toBe('accepted');
  });

  it('while the connection is down: the agent is back with the credentials that still work', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = await bench.registered({ fetchCredentials, token: tokenFor({ ttlSeconds: 90 }) });
    const events = recordEvents(device);
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(2 * MINUTE);
    bench.server.connection = 'accept';
    await pass(31 * SECOND);
    expect(device.isRegistered()).toBe(true);
    expect(fetchCredentials).toHaveBeenCalledOnce();
    expect(warnings(events)).toHaveLength(1);
    expect(errorCodes(events)).toEqual(['TOKEN_EXPIRED']);
  });

  it('while the connection is down, and the credentials end too: a fresh token is needed, and is enough', async () => {
    let password = bench.credentials.password;
    const expires_at = new Date(START + 90 * SECOND).toISOString();
    const device = await bench.registered({
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, password, expires_at }),
      token: tokenFor({ ttlSeconds: 90 }),
    });
    const events = recordEvents(device);
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(2 * MINUTE);
    password = 'of the next round';
    bench.server.registrar.passwords.set('agent-1', password);
    bench.server.connection = 'accept';
    await pass(2 * MINUTE);
    expect(device.isRegistered()).toBe(false);
    expect(events.names.at(-1)).toBe('unregistered');
    await device.updateToken(tokenFor());
    await pass(SECOND);
    expect(events.names.at(-1)).toBe('registered');
    expect(device.isRegistered()).toBe(true);
    expect(errorCodes(events).filter((code) => code === 'TOKEN_EXPIRED')).toHaveLength(1);
  });

  it('is not told again by unregister() and updateToken() with the same token', async () => {
    const token = tokenFor({ ttlSeconds: 90 });
    const device = await bench.registered({ token });
    const events = recordEvents(device);
    await pass(2 * MINUTE);
    expect(await codeOf(device.updateToken(token))).toBe('TOKEN_EXPIRED');
    await device.unregister();
    expect(await codeOf(device.register())).toBe('TOKEN_EXPIRED');
    await pass(MINUTE);
    expect(warnings(events)).toHaveLength(1);
    expect(errorCodes(events)).toEqual(['TOKEN_EXPIRED']);
  });
});

describe('the lock that keeps the tab awake', () => {
  function stubLocks(): { held: number } {
    const state = { held: 0 };
    const request = async (_name: string, _options: unknown, hold: () => Promise<void>) => {
      state.held += 1;
      await hold();
      state.held -= 1;
    };
    vi.stubGlobal('navigator', { locks: { request } });
    return state;
  }

  it('is held while registered, and while that is being got back', async () => {
    const device = bench.device();
    const locks = stubLocks();
    await device.register();
    expect(locks.held).toBe(1);
    bench.server.cut();
    await pass(SECOND);
    expect(locks.held).toBe(1);
    await device.unregister();
    await pass(0);
    expect(locks.held).toBe(0);
  });

  it('is given back by destroy()', async () => {
    const device = bench.device();
    const locks = stubLocks();
    await device.register();
    device.destroy();
    await pass(0);
    expect(locks.held).toBe(0);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { platformCredentials } from '../../../src/auth/fetch-credentials';
import type { VoiceSDKError } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { codeOf, recordEvents, type Recorder } from '../../support/recorder';
import {
  bench,
  HOUR,
  MINUTE,
  pass,
  registers,
  SECOND,
  START,
  useAgentBench,
  wakeUp,
} from '../registration/harness';

useAgentBench();

function codes(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

/** A token of a backend whose clock shows `skewMs` more than this machine's, minted `agoMs` ago. */
function minted(skewMs: number, ttlMs: number, agoMs = 0): string {
  const iat = Math.floor((Date.now() + skewMs - agoMs) / 1000);
  return tokenFor({ claims: { iat, nbf: iat, exp: iat + ttlMs / 1000 } });
}

/** Credentials that say what time it is at the backend. */
function dated(skewMs: number) {
  return () =>
    Promise.resolve({ ...bench.credentials, issued_at: new Date(Date.now() + skewMs).toISOString() });
}

describe.each([
  ['behind', 10 * MINUTE],
  ['ahead', -10 * MINUTE],
])('a browser whose clock is ten minutes %s, with the time of the backend', (_what, skewMs) => {
  it.each([HOUR, 5 * MINUTE])(
    'hears of the end of a token of %d ms at the true time, once',
    async (ttlMs) => {
      const device = await bench.registered({
        token: minted(skewMs, ttlMs),
        fetchCredentials: dated(skewMs),
      });
      const events = recordEvents(device);
      await pass(ttlMs - MINUTE - 1);
      expect(events.names).toEqual([]);
      await pass(2);
      expect(events.names).toEqual(['tokenWillExpire']);
      await pass(MINUTE - 3);
      expect(codes(events)).toEqual([]);
      await pass(2);
      expect(codes(events)).toEqual(['TOKEN_EXPIRED']);
      await pass(HOUR);
      wakeUp();
      expect(events.names).toEqual(['tokenWillExpire', 'error']);
    },
  );

  it('hears so also of a token that was half over when it was handed in', async () => {
    const token = minted(skewMs, HOUR, 30 * MINUTE);
    const device = await bench.registered({ token, fetchCredentials: dated(skewMs) });
    const events = recordEvents(device);
    await pass(29 * MINUTE - 1);
    expect(events.names).toEqual([]);
    await pass(30 * SECOND);
    expect(events.names).toEqual(['tokenWillExpire']);
  });

  it('calls until the true end, and no longer', async () => {
    const device = await bench.registered({ token: minted(skewMs, HOUR), fetchCredentials: dated(skewMs) });
    await pass(HOUR - SECOND);
    const { call } = await bench.talk(device);
    expect(call.getStatus()).toBe('accepted');
    await pass(SECOND);
    expect(await codeOf(device.connect({ to: '100' }))).toBe('TOKEN_EXPIRED');
  });
});

describe('without the time of the backend', () => {
  it('a clock ten minutes behind is known by a fresh token', async () => {
    const device = await bench.registered({ token: minted(10 * MINUTE, HOUR) });
    const events = recordEvents(device);
    await pass(59 * MINUTE - 1);
    expect(events.names).toEqual([]);
    await pass(1);
    expect(events.names).toEqual(['tokenWillExpire']);
  });

  it('a clock ten minutes ahead makes the warning early, never late', async () => {
    const device = await bench.registered({ token: minted(-10 * MINUTE, HOUR) });
    const events = recordEvents(device);
    await pass(49 * MINUTE);
    expect(events.names).toEqual(['tokenWillExpire']);
    await device.updateToken(minted(-10 * MINUTE, HOUR));
    await pass(MINUTE);
    expect(device.isRegistered()).toBe(true);
    expect(codes(events)).toEqual([]);
  });

  it('a clock ten minutes ahead does not refuse a fresh token of five', async () => {
    const device = await bench.registered({ token: minted(-10 * MINUTE, 5 * MINUTE) });
    const events = recordEvents(device);
    await pass(4 * MINUTE - 1);
    expect(events.names).toEqual([]);
    await pass(1);
    expect(events.names).toEqual(['tokenWillExpire']);
    await pass(MINUTE);
    expect(codes(events)).toEqual(['TOKEN_EXPIRED']);
  });

  it('updateToken() takes a fresh token of five minutes on such a clock', async () => {
    const device = await bench.registered({ token: minted(-10 * MINUTE, HOUR) });
    const events = recordEvents(device);
    await device.updateToken(minted(-10 * MINUTE, 5 * MINUTE));
    await pass(4 * MINUTE - 1);
    expect(events.names).toEqual([]);
    await pass(1);
    expect(events.names).toEqual(['tokenWillExpire']);
  });

  it('a token that really is over is found out by the backend', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 401 })));
    const fetchCredentials = platformCredentials('https://api.test');
    const device = bench.device({ token: minted(0, 5 * MINUTE, 10 * MINUTE), fetchCredentials });
    expect(await codeOf(device.register())).toBe('TOKEN_EXPIRED');
  });

  it('one that was over more than a quarter of an hour after it was minted is not even asked for', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = bench.device({ token: minted(0, 5 * MINUTE, 20 * MINUTE), fetchCredentials });
    expect(await codeOf(device.register())).toBe('TOKEN_EXPIRED');
    expect(fetchCredentials).not.toHaveBeenCalled();
  });
});

it.each([14 * MINUTE, -14 * MINUTE])('a clock off by %d ms refuses no good token', async (skewMs) => {
  const device = await bench.registered({ token: minted(skewMs, MINUTE) });
  expect(device.isRegistered()).toBe(true);
});

it('a token that is valid in 16 minutes is too early', async () => {
  const device = bench.device({ token: minted(16 * MINUTE, HOUR) });
  expect(await codeOf(device.register())).toBe('TOKEN_NOT_YET_VALID');
});

it('a clock that is set right by ten minutes back keeps the warning at the true time', async () => {
  const device = await bench.registered({ token: minted(0, HOUR), fetchCredentials: dated(0) });
  const events = recordEvents(device);
  await pass(10 * MINUTE);
  vi.setSystemTime(START);
  await pass(49 * MINUTE - 1);
  expect(events.names).toEqual([]);
  await pass(30 * SECOND);
  expect(events.names).toEqual(['tokenWillExpire']);
});

it.each(['tomorrow', '', 42, null])('an issued_at that cannot be read is no fault: %j', async (issued_at) => {
  const fetchCredentials = () => Promise.resolve({ ...bench.credentials, issued_at } as never);
  const device = await bench.registered({ fetchCredentials });
  expect(device.isRegistered()).toBe(true);
});

describe('a browser whose clock is ten minutes ahead, with credentials of five minutes', () => {
  const skewMs = -10 * MINUTE;

  function short() {
    const fetchCredentials = vi.fn(() =>
      Promise.resolve({
        ...bench.credentials,
        expires_at: new Date(Date.now() + skewMs + 5 * MINUTE).toISOString(),
      }),
    );
    return fetchCredentials;
  }

  it('fetches others shortly before they end, and no more often', async () => {
    const fetchCredentials = short();
    const device = await bench.registered({ token: minted(skewMs, HOUR), fetchCredentials });
    const events = recordEvents(device);
    await pass(4 * MINUTE - SECOND);
    expect(fetchCredentials).toHaveBeenCalledTimes(1);
    await pass(2 * SECOND);
    expect(fetchCredentials).toHaveBeenCalledTimes(2);
    const asked = registers().length;
    await pass(20 * MINUTE);
    expect(fetchCredentials).toHaveBeenCalledTimes(7);
    // A refresh each 150 to 225 s, and one with each set.
    expect(registers().length - asked).toBeLessThanOrEqual(14);
    expect(events.names).toEqual([]);
    // The token as well ends when it does at the backend.
    await pass(35 * MINUTE);
    expect(events.names).toEqual(['tokenWillExpire']);
  });

  it('asks ever more rarely where no token tells how wrong the clock is', async () => {
    const fetchCredentials = short();
    const token = tokenFor({ claims: { iat: undefined }, ttlSeconds: 36_000 });
    await bench.registered({ token, fetchCredentials });
    await pass(HOUR);
    expect(fetchCredentials.mock.calls.length).toBeLessThanOrEqual(6 + 12);
  });
});

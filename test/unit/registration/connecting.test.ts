import { describe, expect, it, vi } from 'vitest';
import { codeOf, recordEvents } from '../../support/recorder';
import type { ConnectBehaviour } from '../../support/wire/fake-web-socket';
import { bench, pass, SECOND, useAgentBench } from './harness';

useAgentBench();

const FIRST = 'wss://first.test/ws';
const SECOND_URL = 'wss://second.test/ws';

/** The code that register() rejects with, and after how long at the latest. */
async function outcome(promise: Promise<void>, withinMs: number): Promise<string> {
  const code = codeOf(promise);
  const settled = vi.fn();
  void code.then(settled);
  await pass(withinMs);
  expect(settled).toHaveBeenCalledOnce();
  return code;
}

describe('a server that cannot be reached', () => {
  it.each([
    ['refuse', 0],
    ['throw', 1],
    ['error-only', 1],
    ['hang', 8 * SECOND],
  ] as [ConnectBehaviour, number][])(
    '%s: SIGNALING_UNREACHABLE within %d ms',
    async (behaviour, withinMs) => {
      bench.server.connection = behaviour;
      const device = bench.device();
      const events = recordEvents(device);
      expect(await outcome(device.register(), withinMs)).toBe('SIGNALING_UNREACHABLE');
      expect(device.isRegistered()).toBe(false);
      // Nobody goes on trying behind the back of the application.
      await pass(120 * SECOND);
      expect(bench.server.attempts).toHaveLength(1);
      expect(events.names).toEqual([]);
    },
  );

  it('can be registered with later by the same Device', async () => {
    bench.server.connection = (attempt) => (attempt === 1 ? 'refuse' : 'accept');
    const device = bench.device();
    expect(await outcome(device.register(), 0)).toBe('SIGNALING_UNREACHABLE');
    await device.register();
    expect(device.isRegistered()).toBe(true);
  });
});

describe('two URLs', () => {
  const credentials = () => ({ ...bench.credentials, ws_urls: [FIRST, SECOND_URL] });
  const device = () => bench.device({ fetchCredentials: () => Promise.resolve(credentials()) });

  it.each([1, 2, 3, 4, 5, 6])('are tried in order of preference (%d)', async () => {
    const phone = device();
    await phone.register();
    expect(bench.server.attempts).toEqual([FIRST]);
  });

  it.each([
    ['refuse', SECOND],
    ['throw', SECOND],
    ['error-only', SECOND],
    ['hang', 9 * SECOND],
  ] as [ConnectBehaviour, number][])(
    'fail over when the first does not work: %s',
    async (behaviour, withinMs) => {
      bench.server.connection = (_attempt, url) => (url === FIRST ? behaviour : 'accept');
      const phone = device();
      const registered = vi.fn();
      void phone.register().then(registered);
      await pass(withinMs);
      expect(registered).toHaveBeenCalledOnce();
      expect(bench.server.attempts).toEqual([FIRST, SECOND_URL]);
    },
  );

  it.each([
    ['refuse', SECOND],
    ['hang', 18 * SECOND],
  ] as [ConnectBehaviour, number][])(
    'end in SIGNALING_UNREACHABLE when neither works: %s',
    async (behaviour, withinMs) => {
      bench.server.connection = behaviour;
      expect(await outcome(device().register(), withinMs)).toBe('SIGNALING_UNREACHABLE');
      expect(bench.server.attempts).toEqual([FIRST, SECOND_URL]);
    },
  );
});

it('tries each of four URLs, also when the first three hang', async () => {
  const ws_urls = [FIRST, SECOND_URL, 'wss://third.test/ws', 'wss://fourth.test/ws'];
  const credentials = { ...bench.credentials, ws_urls };
  bench.server.connection = (_attempt, url) => (url === ws_urls[3] ? 'accept' : 'hang');
  const registered = vi.fn();
  void bench
    .device({ fetchCredentials: () => Promise.resolve(credentials) })
    .register()
    .then(registered);
  await pass(25 * SECOND);
  expect(bench.server.attempts).toEqual(ws_urls);
  expect(registered).toHaveBeenCalledOnce();
});

describe('REGISTER', () => {
  it('resolves when the server confirms, with one event and one binding', async () => {
    const device = bench.device();
    const events = recordEvents(device);
    expect(device.isRegistered()).toBe(false);
    await device.register();
    expect(device.isRegistered()).toBe(true);
    expect(events.names).toEqual(['registered']);
    expect(bench.server.registrar.bindings.size).toBe(1);
    expect(bench.server.requests('REGISTER').at(-1)?.header('expires')).toBe('300');
  });

  it.each([
    [{ kind: 'challenge-again' }, 'AUTH_ERROR', 401],
    [{ kind: 'refuse', status: 403 }, 'AUTH_ERROR', 403],
    [{ kind: 'refuse', status: 407 }, 'AUTH_ERROR', 407],
    [{ kind: 'refuse', status: 404 }, 'REGISTRATION_FAILED', 404],
    [{ kind: 'refuse', status: 423 }, 'REGISTRATION_FAILED', 423],
    [{ kind: 'refuse', status: 503 }, 'REGISTRATION_FAILED', 503],
  ] as const)('answered with %j rejects with %s', async (behaviour, code, statusCode) => {
    bench.server.registrar.behaviour = behaviour;
    const device = bench.device();
    const events = recordEvents(device);
    await expect(device.register()).rejects.toMatchObject({ code, cause: { statusCode } });
    expect(device.isRegistered()).toBe(false);
    expect(events.names).toEqual([]);
    const asked = bench.server.requests('REGISTER').length;
    await pass(120 * SECOND);
    expect(bench.server.requests('REGISTER')).toHaveLength(asked);
  });

  it('with a password that is wrong rejects with AUTH_ERROR, and not for ever', async () => {
    bench.server.registrar.passwords.set('agent-1', 'another');
    expect(await codeOf(bench.device().register())).toBe('AUTH_ERROR');
    expect(bench.server.requests('REGISTER')).toHaveLength(2);
  });

  it('that nobody answers is given up after 10 s, and its binding removed in case it was made', async () => {
    bench.server.registrar.behaviour = { kind: 'silent' };
    expect(await outcome(bench.device().register(), 10 * SECOND)).toBe('REGISTRATION_FAILED');
    const last = bench.server.requests('REGISTER').at(-1);
    expect(last?.header('expires')).toBe('0');
  });

  it.each([{ kind: 'foreign-contact' }, { kind: 'no-contact' }] as const)(
    'answered by 200 with %j is no registration: rejected at once, and the binding removed',
    async (behaviour) => {
      bench.server.registrar.once(behaviour);
      const device = bench.device();
      await expect(device.register()).rejects.toMatchObject({ code: 'REGISTRATION_FAILED' });
      await pass(0);
      expect(bench.server.requests('REGISTER').at(-1)?.header('expires')).toBe('0');
    },
  );

  it('asks for longer when the server finds the interval too brief', async () => {
    bench.server.registrar.once({ kind: 'too-brief', minExpiresSeconds: 900 });
    await bench.registered();
    expect(bench.server.requests('REGISTER').at(-1)?.header('expires')).toBe('900');
  });

  it('is not repeated for ever when every interval is too brief', async () => {
    const behaviour = { kind: 'refuse', status: 423, headers: ['Min-Expires: 60'] } as const;
    bench.server.registrar.behaviour = behaviour;
    await expect(bench.device().register()).rejects.toMatchObject({
      code: 'REGISTRATION_FAILED',
      cause: { statusCode: 423 },
    });
    expect(bench.server.requests('REGISTER').length).toBeLessThanOrEqual(6);
  });

  it('fails when the connection is cut while it waits', async () => {
    bench.server.registrar.behaviour = { kind: 'silent' };
    const code = codeOf(bench.device().register());
    await pass(0);
    bench.server.cut();
    expect(await code).toBe('REGISTRATION_FAILED');
    await pass(60 * SECOND);
    expect(bench.server.attempts).toHaveLength(1);
  });

  it('can be repeated after a failure', async () => {
    bench.server.registrar.once({ kind: 'refuse', status: 503 });
    const device = bench.device();
    expect(await codeOf(device.register())).toBe('REGISTRATION_FAILED');
    await device.register();
    expect(device.isRegistered()).toBe(true);
    expect(bench.server.registrar.bindings.size).toBe(1);
  });
});

describe('register() more than once', () => {
  it('at once is one registration, and both know its outcome', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = bench.device({ fetchCredentials });
    const events = recordEvents(device);
    await Promise.all([device.register(), device.register(), device.register()]);
    expect(fetchCredentials).toHaveBeenCalledOnce();
    expect(bench.server.attempts).toHaveLength(1);
    expect(bench.server.registrar.bindings.size).toBe(1);
    expect(events.names).toEqual(['registered']);
  });

  it('at once fails for both', async () => {
    bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
    const device = bench.device();
    expect(await Promise.all([codeOf(device.register()), codeOf(device.register())])).toEqual([
      'AUTH_ERROR',
      'AUTH_ERROR',
    ]);
  });

  it('when registered changes nothing', async () => {
    const device = await bench.registered();
    const asked = bench.server.requests('REGISTER').length;
    const events = recordEvents(device);
    await device.register();
    await pass(SECOND);
    expect(bench.server.requests('REGISTER')).toHaveLength(asked);
    expect(events.names).toEqual([]);
  });
});

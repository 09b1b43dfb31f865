import { describe, expect, it, vi } from 'vitest';
import { tokenFor } from '../../support/agent';
import { codeOf, recordEvents, type Recorder } from '../../support/recorder';
import { TypedEmitter } from '../../../src/core/emitter';
import type { VoiceSDKError } from '../../../src/index';
import { type RegistrationEvents, untilRecovered } from '../../../src/registration/registration-events';
import { bench, HOUR, MINUTE, pass, registers, SECOND, useAgentBench, wakeUp } from './harness';

useAgentBench();

/** JsSIP refreshes somewhere between half of the 300 s and 32 s before their end. */
const REFRESH_DUE_MS = 270 * SECOND;

function errorCodes(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

/** A registration that is told what to say, and knows who listens. */
class Listening extends TypedEmitter<RegistrationEvents> {
  get listening(): number {
    const names = ['reconnected', 'error', 'unregistered'] as const;
    return names.reduce((sum, name) => sum + this.listenerCount(name), 0);
  }

  recover(): void {
    this.emit('reconnected');
  }
}

function attempts(events: Recorder): number[] {
  return events.of('reconnecting').map(([detail]) => (detail as { attempt: number }).attempt);
}

describe('a connection that is cut', () => {
  it('is opened again: reconnecting, reconnected, and not registered meanwhile', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.cut();
    await pass(0);
    expect(device.isRegistered()).toBe(false);
    expect(await codeOf(device.connect({ to: '100' }))).toBe('SIGNALING_LOST');
    await pass(3 * SECOND);
    expect(events.names).toEqual(['reconnecting', 'reconnected']);
    expect(attempts(events)).toEqual([1]);
    expect(device.isRegistered()).toBe(true);
    expect(bench.server.registrar.bindings.size).toBe(1);
  });

  it('counts its attempts, and begins anew after the next loss', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.connection = (attempt) => (attempt < 5 ? 'refuse' : 'accept');
    bench.server.cut();
    await pass(2 * MINUTE);
    expect(attempts(events)).toEqual([1, 2, 3, 4]);
    expect(events.names.at(-1)).toBe('reconnected');
    bench.server.cut();
    await pass(3 * SECOND);
    expect(attempts(events)).toEqual([1, 2, 3, 4, 1]);
    expect(device.isRegistered()).toBe(true);
  });

  it('is told of at once, also where the first attempt waits because the losses come close together', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.99);
    const device = await bench.registered();
    bench.server.cut();
    await pass(SECOND);
    expect(device.isRegistered()).toBe(true);
    const events = recordEvents(device);
    bench.server.cut();
    await pass(0);
    expect(bench.server.attempts).toHaveLength(2);
    expect(attempts(events)).toEqual([1]);
    await pass(5 * SECOND);
    expect(events.names).toEqual(['reconnecting', 'reconnected']);
  });

  it('and whose listener destroys the Device is left alone', async () => {
    const device = await bench.registered();
    device.on('reconnecting', () => {
      device.destroy();
    });
    bench.server.cut();
    await pass(MINUTE);
    expect(bench.server.attempts).toHaveLength(1);
  });

  it('leaves a live call alone', async () => {
    const device = await bench.registered();
    const { call, events } = await bench.talk(device);
    bench.server.cut();
    await pass(5 * SECOND);
    expect(call.getStatus()).toBe('accepted');
    expect(events.names).toEqual(['accepted', 'reconnecting', 'reconnected']);
  });

  it('is not waited for longer than necessary: a wake-up hurries, once', async () => {
    const device = await bench.registered();
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(5 * MINUTE);
    const before = bench.server.attempts.length;
    // Each refused attempt is over at once, so each wake-up may try; none may add a second loop of its own.
    for (let turn = 0; turn < 5; turn += 1) {
      wakeUp();
      await pass(0);
    }
    expect(bench.server.attempts.length).toBe(before + 5);
    const reference = bench.server.attempts.length;
    await pass(10 * MINUTE);
    expect(bench.server.attempts.length - reference).toBeLessThanOrEqual(60);
    bench.server.connection = 'accept';
    wakeUp();
    await pass(0);
    expect(device.isRegistered()).toBe(true);
    const connected = bench.server.attempts.length;
    await pass(2 * MINUTE);
    expect(bench.server.attempts.length).toBe(connected);
  });

  it('is tried at the other URL by a wake-up when the first is dead', async () => {
    const ws_urls = ['wss://first.test/ws', 'wss://second.test/ws'];
    const device = await bench.registered({
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, ws_urls }),
    });
    bench.server.connection = (_attempt, url) => (url.includes('first') ? 'hang' : 'accept');
    bench.server.cut();
    await pass(0);
    wakeUp();
    await pass(0);
    expect(bench.server.attempts).toEqual(['wss://first.test/ws', 'wss://second.test/ws']);
    expect(device.isRegistered()).toBe(true);
  });
});

describe('register() while recovering', () => {
  it('hurries and resolves when registered again', async () => {
    const device = await bench.registered();
    bench.server.cut();
    await pass(0);
    await device.register();
    expect(device.isRegistered()).toBe(true);
  });

  it('a wait that is over leaves no listener behind', async () => {
    const registration = new Listening();
    const lifetime = new AbortController();
    const codes = Promise.all([1, 2, 3].map(() => codeOf(untilRecovered(registration, lifetime.signal))));
    expect(registration.listening).toBeGreaterThan(0);
    await pass(25 * SECOND);
    expect(await codes).toEqual(Array.from({ length: 3 }, () => 'SIGNALING_UNREACHABLE'));
    expect(registration.listening).toBe(0);
    const waiting = untilRecovered(registration, lifetime.signal);
    registration.recover();
    await waiting;
    expect(registration.listening).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait for ever', async () => {
    const device = await bench.registered();
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(0);
    const code = codeOf(device.register());
    await pass(25 * SECOND);
    expect(await code).toBe('SIGNALING_UNREACHABLE');
    bench.server.connection = 'accept';
    await pass(31 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it.each([
    ['destroy', 'DESTROYED'],
    ['unregister', 'INVALID_STATE'],
  ] as const)('ends with %s()', async (method, expected) => {
    const device = await bench.registered();
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(0);
    const code = codeOf(device.register());
    await pass(SECOND);
    void device[method]();
    expect(await code).toBe(expected);
  });

  it('ends with AUTH_ERROR when the server refuses for good', async () => {
    const device = await bench.registered();
    bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
    bench.server.cut();
    await pass(0);
    const code = codeOf(device.register());
    await pass(3 * SECOND);
    expect(await code).toBe('AUTH_ERROR');
    expect(device.isRegistered()).toBe(false);
  });
});

describe('a refresh that fails while the connection is up', () => {
  it('with 503 is an error, repeated until it works', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503 };
    await pass(REFRESH_DUE_MS);
    expect(device.isRegistered()).toBe(false);
    expect(errorCodes(events)).toEqual(['REGISTER_ERROR']);
    expect(events.of('error')[0]?.[0]).toMatchObject({ cause: { statusCode: 503 } });
    await pass(2 * MINUTE);
    expect(errorCodes(events)).toEqual(['REGISTER_ERROR']);
    const tried = attempts(events);
    expect(tried.length).toBeGreaterThan(3);
    expect(tried).toEqual(tried.map((_attempt, index) => index + 1));
    bench.server.registrar.behaviour = { kind: 'accept' };
    await pass(31 * SECOND);
    expect(events.names.at(-1)).toBe('reconnected');
    expect(device.isRegistered()).toBe(true);
    expect(bench.server.attempts).toHaveLength(1);
  });

  it('waits as long as the server asks (Retry-After)', async () => {
    const device = await bench.registered();
    bench.server.registrar.behaviour = {
      kind: 'refuse',
      status: 503,
      headers: ['Retry-After: 120 (maintenance)'],
    };
    const answered = vi.fn();
    device.on('error', answered);
    while (answered.mock.calls.length === 0) await pass(SECOND);
    const asked = registers().length;
    bench.server.registrar.behaviour = { kind: 'accept' };
    await pass(118 * SECOND);
    expect(registers()).toHaveLength(asked);
    // All agents were told the same moment, and come over a tenth of that time.
    await pass(15 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it.each([{ kind: 'foreign-contact' }, { kind: 'no-contact' }] as const)(
    'because the 200 is of no use (%j) is an error too, and repeated',
    async (behaviour) => {
      const device = await bench.registered();
      const events = recordEvents(device);
      bench.server.registrar.once(behaviour);
      await pass(REFRESH_DUE_MS + 31 * SECOND);
      expect(errorCodes(events)).toEqual(['REGISTER_ERROR']);
      expect(events.names.at(-1)).toBe('reconnected');
      expect(device.isRegistered()).toBe(true);
    },
  );

  it('never comes to it when the connection is dead: another one is open within 10 s', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.freeze();
    await pass(10 * SECOND);
    expect(errorCodes(events)).toEqual([]);
    expect(bench.server.attempts).toHaveLength(2);
    expect(events.names.at(-1)).toBe('reconnected');
    expect(device.isRegistered()).toBe(true);
  });

  it('without an answer from the registrar keeps a connection that is alive otherwise', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.registrar.behaviour = { kind: 'silent' };
    for (let turn = 0; turn < 45; turn += 1) {
      await pass(10 * SECOND);
      bench.server.socket?.deliver('\r\n');
    }
    expect(errorCodes(events)).toEqual(['REGISTER_ERROR']);
    expect(bench.server.attempts).toHaveLength(1);
    bench.server.registrar.behaviour = { kind: 'accept' };
    await pass(70 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });
});

describe('a refresh that is refused (401, 403)', () => {
  it.each([{ kind: 'refuse', status: 403 }, { kind: 'challenge-again' }] as const)(
    'is tried once more with fresh credentials: %j',
    async (behaviour) => {
      const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
      const device = await bench.registered({ fetchCredentials });
      const events = recordEvents(device);
      bench.server.registrar.once(behaviour);
      await pass(REFRESH_DUE_MS);
      expect(fetchCredentials).toHaveBeenCalledTimes(2);
      expect(events.names).toEqual(['reconnecting', 'error', 'reconnected']);
      expect(errorCodes(events)).toEqual(['REGISTER_ERROR']);
      expect(device.isRegistered()).toBe(true);
    },
  );

  it('for good ends in AUTH_ERROR and unregistered, and register() begins anew', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const device = await bench.registered({ fetchCredentials });
    const events = recordEvents(device);
    bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
    await pass(REFRESH_DUE_MS);
    expect(fetchCredentials).toHaveBeenCalledTimes(2);
    expect(events.names).toEqual(['reconnecting', 'error', 'error', 'unregistered']);
    expect(errorCodes(events)).toEqual(['REGISTER_ERROR', 'AUTH_ERROR']);
    const asked = bench.server.requests('REGISTER').length;
    await pass(HOUR);
    expect(bench.server.requests('REGISTER').length - asked).toBeLessThanOrEqual(2);
    expect(await codeOf(device.connect({ to: '100' }))).toBe('TOKEN_EXPIRED');
    bench.server.registrar.behaviour = { kind: 'accept' };
    await device.updateToken(tokenFor());
    await device.register();
    expect(device.isRegistered()).toBe(true);
  });

  it('keeps a live call when it gives up', async () => {
    const device = await bench.registered();
    const { call, dialog } = await bench.talk(device);
    bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
    await pass(REFRESH_DUE_MS);
    expect(device.isRegistered()).toBe(false);
    expect(call.getStatus()).toBe('accepted');
    void call.disconnect();
    await dialog.expect('BYE');
    await pass(3 * SECOND);
    expect(bench.server.socket).toBeUndefined();
  });
});

describe('a refresh that fails', () => {
  it('is told of at once, and its repetitions count from there', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    // The first repetition may come within the second in which the loss is seen below.
    let asked = 0;
    device.once('reconnecting', () => {
      asked = registers().length;
    });
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503 };
    while (device.isRegistered()) await pass(SECOND);
    expect(events.names.slice(0, 2)).toEqual(['reconnecting', 'error']);
    await pass(MINUTE);
    const repeated = registers().length - asked;
    expect(attempts(events).at(-1)).toBe(repeated);
    bench.server.registrar.behaviour = { kind: 'accept' };
    await pass(MINUTE);
    expect(events.names.at(-1)).toBe('reconnected');
  });

  it('whose listener unregisters is not repeated', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    device.on('reconnecting', () => {
      void device.unregister();
    });
    bench.server.registrar.once({ kind: 'refuse', status: 503 });
    await pass(10 * MINUTE);
    expect(events.names).toEqual(['reconnecting', 'unregistered']);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });
});

describe('a wake-up', () => {
  it('checks a binding that may have expired during sleep', async () => {
    await bench.registered();
    const asked = registers().length;
    vi.setSystemTime(Date.now() + 10 * MINUTE);
    wakeUp();
    await pass(0);
    expect(registers().length).toBe(asked + 1);
  });

  it('does not register again at every change of tabs', async () => {
    await bench.registered();
    const asked = registers().length;
    for (let turn = 0; turn < 10; turn += 1) wakeUp();
    await pass(SECOND);
    expect(registers().length).toBe(asked);
  });
});

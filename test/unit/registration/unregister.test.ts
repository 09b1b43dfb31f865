import { describe, expect, it, vi } from 'vitest';
import type { VoiceSDKError } from '../../../src/index';
import { codeOf, recordEvents, type Recorder } from '../../support/recorder';
import { sdpOffer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, registers, SECOND, useAgentBench } from './harness';

useAgentBench();

function errorCodes(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

describe('unregister()', () => {
  it('removes the binding, closes the socket and says so', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    await device.unregister();
    expect(events.all).toEqual([{ event: 'unregistered', args: [{ reason: 'requested' }] }]);
    expect(bench.server.registrar.bindings.size).toBe(0);
    expect(device.isRegistered()).toBe(false);
    expect(await codeOf(device.connect({ to: '100' }))).toBe('NOT_REGISTERED');
    await pass(2 * SECOND);
    expect(bench.server.socket).toBeUndefined();
    await pass(10 * MINUTE);
    expect(bench.server.attempts).toHaveLength(1);
  });

  it('twice at once is one removal', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    await Promise.all([device.unregister(), device.unregister()]);
    await device.unregister();
    expect(registers()).toEqual(['bind', 'remove']);
    expect(events.names).toEqual(['unregistered']);
  });

  it('without a registration does nothing', async () => {
    const device = bench.device();
    const events = recordEvents(device);
    await device.unregister();
    await pass(SECOND);
    expect(events.names).toEqual([]);
    expect(bench.server.attempts).toEqual([]);
  });

  it('that nobody answers resolves after 3 s and is an error event', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.auto.register = false;
    const resolved = vi.fn();
    void device.unregister().then(resolved);
    await pass(3 * SECOND - 1);
    expect(resolved).not.toHaveBeenCalled();
    await pass(1);
    expect(resolved).toHaveBeenCalledOnce();
    expect(errorCodes(events)).toEqual(['UNREGISTER_ERROR']);
    expect(events.names).toEqual(['error', 'unregistered']);
  });

  it('that is refused resolves and is an error event', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.registrar.behaviour = { kind: 'refuse', status: 500 };
    await device.unregister();
    expect(events.names).toEqual(['error', 'unregistered']);
    expect(events.of('error')[0]?.[0]).toMatchObject({
      code: 'UNREGISTER_ERROR',
      cause: { statusCode: 500 },
    });
  });

  it('whose connection is cut resolves and is an error event', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.auto.register = false;
    const done = device.unregister();
    await pass(0);
    bench.server.cut();
    await done;
    expect(events.names).toEqual(['error', 'unregistered']);
    expect(errorCodes(events)).toEqual(['UNREGISTER_ERROR']);
    await pass(MINUTE);
    expect(bench.server.attempts).toHaveLength(1);
  });

  it('while the connection is down stops the attempts to get it back', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(0);
    await device.unregister();
    const attempts = bench.server.attempts.length;
    await pass(10 * MINUTE);
    expect(bench.server.attempts).toHaveLength(attempts);
    expect(events.names).toEqual(['reconnecting', 'unregistered']);
  });

  it('after a refused refresh still removes the former binding', async () => {
    const device = await bench.registered();
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503 };
    await pass(270 * SECOND);
    expect(device.isRegistered()).toBe(false);
    bench.server.registrar.behaviour = { kind: 'accept' };
    const events = recordEvents(device);
    await device.unregister();
    expect(bench.server.registrar.bindings.size).toBe(0);
    expect(events.names).toEqual(['unregistered']);
  });

  it('stops the watch over the token', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    await device.unregister();
    await pass(120 * MINUTE);
    expect(events.names).toEqual(['unregistered']);
  });
});

describe('unregister() during register()', () => {
  it('while the credentials are fetched ends both', async () => {
    let signal: AbortSignal | undefined;
    const device = bench.device({
      fetchCredentials: (_token, context) => {
        signal = context.signal;
        return new Promise(() => undefined);
      },
    });
    const code = codeOf(device.register());
    await pass(0);
    await device.unregister();
    expect(await code).toBe('INVALID_STATE');
    expect(signal?.aborted).toBe(true);
    expect(bench.server.attempts).toEqual([]);
  });

  it('while it connects closes the socket', async () => {
    bench.server.connection = 'hang';
    const device = bench.device();
    const code = codeOf(device.register());
    await pass(0);
    await device.unregister();
    expect(await code).toBe('INVALID_STATE');
    await pass(MINUTE);
    expect(bench.server.attempts).toHaveLength(1);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('while REGISTER is under way leaves no binding', async () => {
    const device = bench.device();
    const events = recordEvents(device);
    const code = codeOf(device.register());
    await bench.server.next('REGISTER');
    await device.unregister();
    expect(await code).toBe('INVALID_STATE');
    expect(bench.server.registrar.bindings.size).toBe(0);
    expect(device.isRegistered()).toBe(false);
    await pass(10 * MINUTE);
    expect(bench.server.registrar.bindings.size).toBe(0);
    expect(events.names).toEqual(['unregistered']);
  });
});

describe('the last wish counts', () => {
  it('unregister(), register(): registered, with the token watched again', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    void device.unregister();
    await device.register();
    expect(device.isRegistered()).toBe(true);
    expect(bench.server.registrar.bindings.size).toBe(1);
    await pass(60 * MINUTE);
    expect(events.names.filter((name) => name === 'tokenWillExpire')).toHaveLength(1);
  });

  it('unregister(), register(), unregister(): not registered', async () => {
    const device = await bench.registered();
    void device.unregister();
    const code = codeOf(device.register());
    await device.unregister();
    expect(await code).toBe('INVALID_STATE');
    await pass(MINUTE);
    expect(device.isRegistered()).toBe(false);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('register(), unregister(), register(), register(): one registration that both know the outcome of', async () => {
    const device = bench.device();
    const first = codeOf(device.register());
    void device.unregister();
    const second = device.register();
    const third = device.register();
    await pass(0);
    expect(device.isRegistered()).toBe(true);
    expect(await first).toBe('INVALID_STATE');
    await Promise.all([second, third]);
    expect(bench.server.registrar.bindings.size).toBe(1);
  });

  it('register() again after an abandoned one is not mistaken for it', async () => {
    const device = bench.device();
    void codeOf(device.register());
    await device.unregister();
    const registered = vi.fn();
    void device.register().then(registered);
    void device.register().then(registered);
    expect(registered).not.toHaveBeenCalled();
    expect(device.isRegistered()).toBe(false);
    await pass(0);
    expect(registered).toHaveBeenCalledTimes(2);
    expect(device.isRegistered()).toBe(true);
  });

  it('register() is possible after unregister()', async () => {
    const device = await bench.registered();
    await device.unregister();
    await device.register();
    expect(device.isRegistered()).toBe(true);
    expect(bench.server.registrar.bindings.size).toBe(1);
    await pass(3 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });
});

describe('unregister() with a live call', () => {
  it('keeps the call, refuses new ones, and closes the socket after it', async () => {
    const device = await bench.registered();
    const contact = [...bench.server.registrar.bindings.keys()].at(-1) ?? '';
    const { call, dialog } = await bench.talk(device);
    const events = recordEvents(device);
    await device.unregister();
    await pass(MINUTE);
    expect(call.getStatus()).toBe('accepted');
    expect(bench.server.socket).toBeDefined();
    // A proxy that has not heard of the removal yet.
    const late = bench.server.invite({ to: contact, body: sdpOffer() });
    expect((await late.response()).status).toBe(480);
    expect(late.responses.map(({ status }) => status)).not.toContain(180);
    void call.disconnect();
    await dialog.expect('BYE');
    await pass(3 * SECOND);
    expect(bench.server.socket).toBeUndefined();
    expect(events.names).toEqual(['unregistered']);
  });

  it('closes the socket too when it is the far end that hangs up', async () => {
    const device = await bench.registered();
    const { dialog } = await bench.talk(device);
    await device.unregister();
    await dialog.request('BYE').response(200);
    await pass(3 * SECOND);
    expect(bench.server.socket).toBeUndefined();
  });

  it('lets the same Device register again beside the call', async () => {
    const device = await bench.registered();
    const { call } = await bench.talk(device);
    await device.unregister();
    await device.register();
    expect(device.isRegistered()).toBe(true);
    expect(call.getStatus()).toBe('accepted');
    expect(bench.server.attempts).toHaveLength(1);
  });

  it('does not lose the call when registering again fails', async () => {
    const device = await bench.registered();
    const { call, dialog } = await bench.talk(device);
    await device.unregister();
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503 };
    expect(await codeOf(device.register())).toBe('REGISTRATION_FAILED');
    expect(call.getStatus()).toBe('accepted');
    void call.disconnect();
    await dialog.expect('BYE');
    await pass(3 * SECOND);
    expect(bench.server.socket).toBeUndefined();
  });
});

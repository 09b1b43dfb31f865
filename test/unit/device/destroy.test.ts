import { describe, expect, it, vi } from 'vitest';
import { Device, type FetchCredentials } from '../../../src/index';
import { codeOf, recordEvents } from '../../support/recorder';
import { tokenFor } from '../../support/agent';
import { bench, MINUTE, pass, SECOND, useAgentBench } from '../registration/harness';

// Timers, listeners, sockets, tracks and audio elements that are left over fail each test, see there.
useAgentBench();

/** Methods of the requests that have left since `before`, without waiting for anything. */
async function sentSynchronously(action: () => void): Promise<string[]> {
  const { server } = bench;
  const sent: string[] = [];
  const socket = server.socket;
  if (!socket) throw new Error('not connected');
  const send = vi.spyOn(socket, 'send').mockImplementation((data) => {
    sent.push((data as string).split(' ', 1)[0] ?? '');
  });
  action();
  const count = sent.length;
  send.mockRestore();
  await pass(0);
  expect(sent).toHaveLength(count);
  return sent;
}

describe('destroy() during register()', () => {
  it('while the credentials are fetched', async () => {
    let signal: AbortSignal | undefined;
    const fetchCredentials: FetchCredentials = (_token, context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    };
    const device = bench.device({ fetchCredentials });
    const code = codeOf(device.register());
    await pass(0);
    device.destroy();
    expect(signal?.aborted).toBe(true);
    expect(await code).toBe('DESTROYED');
    expect(bench.server.attempts).toEqual([]);
  });

  it('in the same tick', async () => {
    const device = bench.device();
    const code = codeOf(device.register());
    device.destroy();
    expect(await code).toBe('DESTROYED');
    await pass(MINUTE);
    expect(bench.server.attempts).toEqual([]);
  });

  it.each(['accept', 'hang', 'refuse'] as const)('while it connects (%s)', async (behaviour) => {
    bench.server.connection = behaviour;
    const device = bench.device({ fetchCredentials: () => Promise.resolve(bench.credentials) });
    const code = codeOf(device.register());
    while (bench.server.attempts.length === 0) await Promise.resolve();
    device.destroy();
    expect(await code).toBe('DESTROYED');
    await pass(MINUTE);
    expect(bench.server.attempts).toHaveLength(1);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('while REGISTER is under way: no binding is left', async () => {
    const device = bench.device();
    const code = codeOf(device.register());
    await bench.server.next('REGISTER');
    device.destroy();
    expect(await code).toBe('DESTROYED');
    await pass(0);
    expect(bench.server.requests('REGISTER').at(-1)?.header('expires')).toBe('0');
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('in the listener of registered', async () => {
    const device = bench.device();
    device.on('registered', () => {
      device.destroy();
    });
    void device.register();
    await pass(MINUTE);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('while it recovers', async () => {
    const device = await bench.registered();
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(5 * SECOND);
    const attempts = bench.server.attempts.length;
    device.destroy();
    await pass(10 * MINUTE);
    expect(bench.server.attempts).toHaveLength(attempts);
  });

  it('during unregister() settles it at once', async () => {
    const device = await bench.registered();
    bench.server.auto.register = false;
    const settled = vi.fn();
    void device.unregister().then(settled);
    const code = codeOf(device.register());
    await pass(0);
    device.destroy();
    await pass(0);
    expect(settled).toHaveBeenCalledOnce();
    expect(await code).toBe('DESTROYED');
  });
});

describe('destroy() when registered', () => {
  it('removes the binding and closes the socket', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    expect(
      await sentSynchronously(() => {
        device.destroy();
      }),
    ).toEqual(['REGISTER']);
    expect(events.names).toEqual([]);
    expect(device.isRegistered()).toBe(false);
  });

  it('reaches the server', async () => {
    const device = await bench.registered();
    device.destroy();
    await pass(0);
    expect(bench.server.registrar.bindings.size).toBe(0);
    await pass(2 * SECOND);
    expect(bench.server.socket).toBeUndefined();
  });

  it('closes the socket after 2 s when nobody answers', async () => {
    const device = await bench.registered();
    bench.server.auto.register = false;
    device.destroy();
    await pass(2 * SECOND);
    expect(bench.server.socket).toBeUndefined();
  });

  it('after a refused refresh still removes the former binding', async () => {
    const device = await bench.registered();
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503 };
    await pass(270 * SECOND);
    bench.server.registrar.behaviour = { kind: 'accept' };
    device.destroy();
    await pass(0);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('twice is once', async () => {
    const device = await bench.registered();
    expect(
      await sentSynchronously(() => {
        device.destroy();
        device.destroy();
      }),
    ).toEqual(['REGISTER']);
  });
});

describe('destroy() during a call', () => {
  it('hangs up and unregisters before it returns', async () => {
    const device = await bench.registered();
    const { call, events } = await bench.talk(device);
    expect(
      await sentSynchronously(() => {
        device.destroy();
      }),
    ).toEqual(['BYE', 'REGISTER']);
    expect(call.getStatus()).toBe('disconnected');
    expect(events.names).toEqual(['accepted', 'disconnect']);
    expect(bench.media.liveTracks).toEqual([]);
  });

  it('cancels a call that rings at the far end', async () => {
    const device = await bench.registered();
    const { call, invite } = await bench.dial(device);
    invite.reply(180);
    await pass(0);
    expect(
      await sentSynchronously(() => {
        device.destroy();
      }),
    ).toEqual(['CANCEL', 'REGISTER']);
    expect(['failed', 'disconnected']).toContain(call.getStatus());
  });

  it('refuses a call that rings here', async () => {
    const device = await bench.registered({ ringtoneUrl: '/ring.mp3' });
    const { call, invite } = await bench.ring(device);
    device.destroy();
    expect((await invite.response()).status).toBe(480);
    expect(['failed', 'disconnected']).toContain(call.getStatus());
  });

  it('settles a connect() that waits for the microphone', async () => {
    const device = await bench.registered();
    bench.media.autoGrant = false;
    const code = codeOf(device.connect({ to: '100' }));
    await pass(0);
    device.destroy();
    expect(await code).toBe('DESTROYED');
    bench.media.prompts[0]?.grant();
    await pass(0);
    expect(bench.media.liveTracks).toEqual([]);
    expect(bench.server.requests('INVITE')).toEqual([]);
  });

  it('may be called from inside every event of the call', async () => {
    const device = await bench.registered();
    const { call } = await bench.talk(device);
    call.on('disconnect', () => {
      device.destroy();
    });
    await call.disconnect();
    await pass(0);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });
});

describe('pagehide', () => {
  const hide = (persisted: boolean) => {
    globalThis.dispatchEvent(Object.assign(new Event('pagehide'), { persisted }));
  };

  it('for good says goodbye to everybody before the page is gone', async () => {
    const device = await bench.registered();
    await bench.talk(device);
    expect(
      await sentSynchronously(() => {
        hide(false);
      }),
    ).toEqual(['BYE', 'REGISTER']);
    expect(await codeOf(device.register())).toBe('DESTROYED');
  });

  it('into the back/forward cache ends nothing', async () => {
    const device = await bench.registered();
    const { call } = await bench.talk(device);
    expect(
      await sentSynchronously(() => {
        hide(true);
      }),
    ).toEqual([]);
    expect(call.getStatus()).toBe('accepted');
    expect(device.isRegistered()).toBe(true);
  });
});

describe('create, destroy, create in one tick', () => {
  it('leaves one registration', async () => {
    const first = bench.device();
    void first.register();
    first.destroy();
    const second = bench.device();
    await second.register();
    await pass(MINUTE);
    expect(bench.server.registrar.bindings.size).toBe(1);
    expect(second.isRegistered()).toBe(true);
  });

  it('leaves one registration also when the first was registered', async () => {
    const first = await bench.registered();
    first.destroy();
    const second = bench.device();
    await second.register();
    await pass(MINUTE);
    expect(bench.server.registrar.bindings.size).toBe(1);
    expect(bench.server.sockets.filter((socket) => socket.readyState === socket.OPEN)).toHaveLength(1);
  });

  it('leaves nothing of one that never registered', () => {
    new Device({ token: tokenFor() }).destroy();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('after destroy()', () => {
  it.each([
    ['register', (device: Device) => device.register()],
    ['connect', (device: Device) => device.connect({ to: '100' })],
    ['updateToken', (device: Device) => device.updateToken(tokenFor())],
    ['setInputDevice', (device: Device) => device.setInputDevice('desk-mic')],
    ['setOutputDevice', (device: Device) => device.setOutputDevice('desk-speaker')],
  ])('%s() rejects with DESTROYED', async (_name, call) => {
    const device = await bench.registered();
    device.destroy();
    expect(await codeOf(call(device))).toBe('DESTROYED');
  });

  it('unregister() has nothing left to do', async () => {
    const device = await bench.registered();
    device.destroy();
    await expect(device.unregister()).resolves.toBeUndefined();
  });

  it('what says who and what it was still answers', async () => {
    const device = await bench.registered({ token: tokenFor({ label: 'Jane' }) });
    device.destroy();
    expect(device.isRegistered()).toBe(false);
    expect(device.label).toBe('Jane');
    expect(device.identity.user_uuid).toBe('agent-1');
    expect(await device.enumerateDevices()).not.toEqual([]);
  });

  it('listeners hear nothing, and failures nobody awaits go nowhere', async () => {
    const device = await bench.registered();
    device.destroy();
    const events = recordEvents(device);
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    void device.register();
    void device.connect({ to: '100' });
    globalThis.dispatchEvent(new Event('online'));
    await pass(2 * 60 * MINUTE);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(new Set(events.names)).toEqual(new Set(['error']));
  });
});

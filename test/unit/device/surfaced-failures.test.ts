import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Device, DeviceOptions, VoiceSDKError } from '../../../src/index';
import { codeOf, recordEvents } from '../../support/recorder';
import { bench, pass, SECOND, useAgentBench } from '../registration/harness';

useAgentBench({ media: { outputSelection: false } });

const unhandled = vi.fn();

beforeEach(() => {
  unhandled.mockReset();
  process.on('unhandledRejection', unhandled);
});

afterEach(() => {
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

interface Failure {
  readonly what: string;
  readonly code: string;
  readonly options?: Partial<DeviceOptions>;
  readonly registered?: boolean;
  call(device: Device): Promise<unknown>;
}

const FAILURES: readonly Failure[] = [
  { what: 'register()', code: 'TOKEN_INVALID', options: { token: 'x' }, call: (device) => device.register() },
  {
    what: 'register() later on',
    code: 'CONFIG_FETCH_FAILED',
    options: { fetchCredentials: () => Promise.reject(new Error('no backend')) },
    call: (device) => device.register(),
  },
  { what: 'connect()', code: 'NOT_REGISTERED', call: (device) => device.connect({ to: '1' }) },
  {
    what: 'connect() with a bad argument',
    code: 'INVALID_ARGUMENT',
    registered: true,
    call: (device) => device.connect({ to: '' }),
  },
  { what: 'updateToken()', code: 'TOKEN_INVALID', call: (device) => device.updateToken('x') },
  {
    what: 'setInputDevice()',
    code: 'INVALID_ARGUMENT',
    call: (device) => device.setInputDevice(7 as unknown as string),
  },
  {
    what: 'setOutputDevice()',
    code: 'UNSUPPORTED',
    call: (device) => device.setOutputDevice('desk-speaker'),
  },
];

async function deviceFor({ options = {}, registered = false }: Failure): Promise<Device> {
  return registered ? bench.registered(options) : bench.device(options);
}

describe('a failing promise', () => {
  it.each(FAILURES)('of $what that nobody awaits is one error event ($code)', async (failure) => {
    const device = await deviceFor(failure);
    const events = recordEvents(device);
    void failure.call(device);
    await pass(SECOND);
    expect(events.names).toEqual(['error']);
    expect((events.of('error')[0]?.[0] as VoiceSDKError).code).toBe(failure.code);
  });

  it.each(FAILURES)('of $what that is awaited is no event ($code)', async (failure) => {
    const device = await deviceFor(failure);
    const events = recordEvents(device);
    expect(await codeOf(failure.call(device))).toBe(failure.code);
    await pass(SECOND);
    expect(events.names).toEqual([]);
  });

  it.each([
    ['then', (promise: Promise<void>, handler: () => void) => promise.then(undefined, handler)],
    ['catch', (promise: Promise<void>, handler: () => void) => promise.catch(handler)],
    ['Promise.all', (promise: Promise<void>, handler: () => void) => Promise.all([promise]).catch(handler)],
    [
      'allSettled',
      (promise: Promise<void>, handler: () => void) => Promise.allSettled([promise]).then(handler),
    ],
  ])('handled by %s is no event', async (_how, handle) => {
    const device = bench.device({ token: 'x' });
    const events = recordEvents(device);
    const handler = vi.fn();
    void handle(device.register(), handler);
    await pass(SECOND);
    expect(handler).toHaveBeenCalledOnce();
    expect(events.names).toEqual([]);
  });

  it('without a listener goes nowhere and breaks nothing', async () => {
    const device = bench.device({ token: 'x' });
    void device.register();
    await pass(SECOND);
    expect(device.isRegistered()).toBe(false);
  });
});

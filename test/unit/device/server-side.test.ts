import { expect, it, vi } from 'vitest';
import { tokenFor } from '../../support/agent';
import { codeOf } from '../../support/recorder';

// No bench: this is Node without any stand-in for a browser.

it('is a place without a browser', () => {
  for (const name of ['window', 'document', 'RTCPeerConnection', 'HTMLMediaElement', 'AudioContext'])
    expect(name in globalThis).toBe(false);
});

it('imports, constructs and destroys where there is no DOM', async () => {
  const { Device, VERSION, ERROR_CATALOGUE } = await import('../../../src/index');
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
  expect(ERROR_CATALOGUE.BROWSER_UNSUPPORTED.fatal).toBe(true);
  const device = new Device({
    token: tokenFor({ label: 'Jane' }),
    logLevel: 'silent',
    ringtoneUrl: '/ring.mp3',
    media: { inputDeviceId: 'a', outputDeviceId: 'b' },
  });
  expect(device.label).toBe('Jane');
  expect(device.isRegistered()).toBe(false);
  device.destroy();
});

it.each([
  ['register', 'BROWSER_UNSUPPORTED'],
  ['enumerateDevices', 'BROWSER_UNSUPPORTED'],
  ['unregister', 'nothing'],
] as const)('%s() there: %s', async (method, expected) => {
  const { Device } = await import('../../../src/index');
  const fetched = vi.spyOn(globalThis, 'fetch');
  const device = new Device({ token: tokenFor(), logLevel: 'silent' });
  const code =
    expected === 'nothing' ? await device[method]().then(() => 'nothing') : await codeOf(device[method]());
  expect(code).toBe(expected);
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
  device.destroy();
});

it('connect() there is NOT_REGISTERED', async () => {
  const { Device } = await import('../../../src/index');
  const device = new Device({ token: tokenFor(), logLevel: 'silent' });
  expect(await codeOf(device.connect({ to: '100' }))).toBe('NOT_REGISTERED');
  device.destroy();
});

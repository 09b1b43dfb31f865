import { describe, expect, it } from 'vitest';
import { Device, type DeviceOptions } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { checkOptions } from '../../../src/device/options';

const token = tokenFor();

function construct(options: unknown): Device {
  return new Device(options as DeviceOptions);
}

describe('options that cannot be used: INVALID_ARGUMENT that names the option', () => {
  it.each([
    ['options', undefined],
    ['options', null],
    ['options', 'token'],
    ['logLevel', { token, logLevel: 'verbose' }],
    ['logLevel', { token, logLevel: null }],
    ['allowIncomingWhileBusy', { token, allowIncomingWhileBusy: 'yes' }],
    ['recoverCalls', { token, recoverCalls: 'yes' }],
    ['closeProtection', { token, closeProtection: 1 }],
    ['iceServers', { token, iceServers: { urls: 'stun:a' } }],
    ['iceServers', { token, iceServers: ['stun:a'] }],
    ['iceServers', { token, iceServers: [null] }],
    ['iceTransportPolicy', { token, iceTransportPolicy: 'host' }],
    ['iceTransportPolicy', { token, iceTransportPolicy: null }],
    ['iceTransportPolicy', { token, iceTransportPolicy: ['relay'] }],
    ['codecs', { token, codecs: 'opus' }],
    ['codecs', { token, codecs: null }],
    ['codecs.preferred', { token, codecs: { preferred: 'opus' } }],
    ['codecs.preferred', { token, codecs: { preferred: ['opus', 'g729'] } }],
    ['codecs.opus', { token, codecs: { opus: true } }],
    ['codecs.opus.maxAverageBitsPerSecond', { token, codecs: { opus: { maxAverageBitsPerSecond: 5_999 } } }],
    [
      'codecs.opus.maxAverageBitsPerSecond',
      { token, codecs: { opus: { maxAverageBitsPerSecond: 510_001 } } },
    ],
    [
      'codecs.opus.maxAverageBitsPerSecond',
      { token, codecs: { opus: { maxAverageBitsPerSecond: '24000' } } },
    ],
    ['codecs.opus.maxAverageBitsPerSecond', { token, codecs: { opus: { maxAverageBitsPerSecond: NaN } } }],
    ['codecs.opus.dtx', { token, codecs: { opus: { dtx: 1 } } }],
    ['codecs.opus.fec', { token, codecs: { opus: { fec: '0\r\nX' } } }],
    ['media', { token, media: 'default' }],
    ['media', { token, media: null }],
    ['media.inputDeviceId', { token, media: { inputDeviceId: 7 } }],
    ['media.outputDeviceId', { token, media: { outputDeviceId: null } }],
    [
      'media.levelWorkletUrl',
      { token, media: { levelWorkletUrl: new URL('https://page.test/level-worklet.js') } },
    ],
    ['ringtoneUrl', { token, ringtoneUrl: 7 }],
    ['sounds', { token, sounds: true }],
    ['sounds.country', { token, sounds: { country: 'usa' } }],
    ['sounds.busy', { token, sounds: { busy: 1 } }],
    ['sounds.ringtone', { token, sounds: { ringtone: '' } }],
    ['multiTab', { token, multiTab: 'yes' }],
    ['tokenExpiryLeadMs', { token, tokenExpiryLeadMs: -1 }],
    ['tokenExpiryLeadMs', { token, tokenExpiryLeadMs: '60000' }],
    ['tokenExpiryLeadMs', { token, tokenExpiryLeadMs: NaN }],
    ['tokenExpiryLeadMs', { token, tokenExpiryLeadMs: Infinity }],
    ['defaultExtraHeaders', { token, defaultExtraHeaders: 'X-A: 1' }],
    ['defaultExtraHeaders', { token, defaultExtraHeaders: ['X-A: 1\r\nX-Evil: 1'] }],
    ['defaultExtraHeaders', { token, defaultExtraHeaders: ['no colon'] }],
    ['defaultExtraHeaders', { token, defaultExtraHeaders: [7] }],
    ['apiBaseUrl', { token, apiBaseUrl: '' }],
    ['apiBaseUrl', { token, apiBaseUrl: 'api.test' }],
    ['apiBaseUrl', { token, apiBaseUrl: 'ftp://api.test' }],
    ['apiBaseUrl', { token, apiBaseUrl: 'javascript:alert(1)' }],
    ['apiBaseUrl', { token, apiBaseUrl: new URL('https://api.test') }],
    ['apiBaseUrl', { token, apiBaseUrl: 'https://user:secret@api.test' }],
    ['fetchCredentials', { token, fetchCredentials: 'https://api.test' }],
    ['fetchCredentials', { token, fetchCredentials: Promise.resolve() }],
  ])('%s: %j', (name, options) => {
    const act = () => construct(options);
    expect(act).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(act).toThrow(name);
    expect(act).not.toThrow('secret');
  });
});

describe('options that can be used', () => {
  it.each([
    { logLevel: 'silent' },
    { logLevel: 'error' },
    { logLevel: undefined },
    { allowIncomingWhileBusy: true },
    { iceServers: [] },
    { iceServers: [{ urls: ['stun:a', 'stun:b'] }] },
    { iceTransportPolicy: 'relay' },
    { codecs: {} },
    {
      codecs: {
        preferred: ['pcma', 'opus'],
        opus: { maxAverageBitsPerSecond: 6_000, dtx: true, fec: false },
      },
    },
    { media: {} },
    { media: { inputDeviceId: '', outputDeviceId: undefined } },
    { ringtoneUrl: '/ring.mp3' },
    { sounds: {} },
    { sounds: { country: 'CH', ringtone: true, ringback: '/ringback.mp3', busy: false, digits: undefined } },
    { tokenExpiryLeadMs: 0 },
    { defaultExtraHeaders: [] },
    { defaultExtraHeaders: ['X-Tenant: 7'] },
    { apiBaseUrl: 'http://localhost:8080/base/' },
    { fetchCredentials: () => Promise.reject(new Error('unused')) },
    { anotherOption: 1 },
  ])('%j', (options) => {
    const device = construct({ token, logLevel: 'silent', ...options });
    expect(device.isRegistered()).toBe(false);
    device.destroy();
  });

  it('default to what the contract says', () => {
    expect(checkOptions({ token })).toMatchObject({
      logLevel: 'warn',
      allowIncomingWhileBusy: false,
      iceServers: undefined,
      iceTransportPolicy: 'all',
      tokenExpiryLeadMs: 60_000,
      defaultExtraHeaders: [],
      apiBaseUrl: 'https://api.p.2chat.io',
    });
  });

  it('leave a token that cannot be read for register() to report', () => {
    expect(() => {
      construct({ token: 42, logLevel: 'silent' }).destroy();
    }).not.toThrow();
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { enumerateAudioDevices, isOutputSelectionSupported } from '../../../src/media/devices';
import { Microphone } from '../../../src/media/microphone';
import { FakeMedia } from '../../support/fake-media';

let media: FakeMedia | undefined;

afterEach(() => {
  media?.uninstall();
  media = undefined;
});

describe('enumerateAudioDevices', () => {
  it('lists microphones and loudspeakers as plain data, no cameras, without a prompt', async () => {
    media = FakeMedia.install();
    (await new Microphone({ logger: new Logger('silent') }).open()).release();
    const devices = await enumerateAudioDevices();
    expect(devices.map(({ kind }) => kind)).toEqual([
      'audioinput',
      'audioinput',
      'audiooutput',
      'audiooutput',
    ]);
    expect(devices[0]).toStrictEqual({
      deviceId: 'desk-mic',
      kind: 'audioinput',
      label: 'Desk microphone',
      groupId: 'desk',
    });
    expect(media.requests).toHaveLength(1);
  });

  it('lists nameless devices before the microphone was allowed', async () => {
    media = FakeMedia.install();
    const labels = (await enumerateAudioDevices()).map(({ label }) => label);
    expect(labels.length).toBeGreaterThan(0);
    expect(new Set(labels)).toEqual(new Set(['']));
    expect(media.requests).toHaveLength(0);
  });

  it('is BROWSER_UNSUPPORTED without mediaDevices', async () => {
    await expect(enumerateAudioDevices()).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED' });
  });

  it('rejects with one of our errors when the page policy forbids it', async () => {
    media = FakeMedia.install();
    Object.assign(media.mediaDevices, {
      enumerateDevices: () => Promise.reject(new DOMException('policy', 'NotAllowedError')),
    });
    await expect(enumerateAudioDevices()).rejects.toMatchObject({ code: 'MICROPHONE_DENIED' });
  });
});

describe('isOutputSelectionSupported', () => {
  it('looks at the browser', () => {
    media = FakeMedia.install();
    expect(isOutputSelectionSupported()).toBe(true);
    media.uninstall();
    media = FakeMedia.install({ outputSelection: false });
    expect(isOutputSelectionSupported()).toBe(false);
  });

  it('is false on a server', () => {
    expect(isOutputSelectionSupported()).toBe(false);
  });
});

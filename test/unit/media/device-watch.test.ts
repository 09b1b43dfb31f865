import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { compareDevices, type DeviceChange, isTelling } from '../../../src/media/device-changes';
import { DeviceWatch } from '../../../src/media/device-watch';
import { type AudioDevice, isSameHardware } from '../../../src/media/devices';
import { FakeMedia } from '../../support/fake-media';

const MIC: AudioDevice = { deviceId: 'mic', kind: 'audioinput', label: 'Microphone', groupId: 'desk' };
const EAR: AudioDevice = { deviceId: 'ear', kind: 'audiooutput', label: 'Speaker', groupId: 'desk' };
const USB: AudioDevice = { deviceId: 'usb', kind: 'audioinput', label: 'USB headset', groupId: 'usb' };
const defaultOf = (device: AudioDevice): AudioDevice => ({
  ...device,
  deviceId: 'default',
  label: `Default - ${device.label}`,
});
const nameless = (kind: AudioDevice['kind']): AudioDevice => ({ deviceId: '', kind, label: '', groupId: '' });

describe('two lists of devices', () => {
  it('differ by what was added and removed', () => {
    expect(compareDevices([MIC, EAR], [EAR, USB])).toEqual({
      added: [USB],
      removed: [MIC],
      devices: [EAR, USB],
    });
    expect(compareDevices([], [MIC])).toMatchObject({ added: [MIC], removed: [] });
    expect(compareDevices([MIC], [])).toMatchObject({ added: [], removed: [MIC] });
  });

  it('are equal whatever their order', () => {
    expect(compareDevices([MIC, EAR, USB], [USB, MIC, EAR])).toBeUndefined();
    expect(compareDevices([nameless('audioinput')], [nameless('audioinput')])).toBeUndefined();
    expect(compareDevices([], [])).toBeUndefined();
  });

  it('differ by a default that stands for other hardware under the same id', () => {
    const [before, after] = [defaultOf(MIC), defaultOf(USB)];
    expect(compareDevices([before, MIC, USB], [after, MIC, USB])).toMatchObject({
      added: [after],
      removed: [before],
    });
    const otherSocket = { ...before, label: 'Default - Line in' };
    expect(compareDevices([before], [otherSocket])).toMatchObject({
      added: [otherSocket],
      removed: [before],
    });
  });

  it('have nothing added when only the names became known, or unknown again', () => {
    const hidden = [nameless('audioinput')];
    expect(compareDevices(hidden, [MIC, USB, EAR])).toEqual({
      added: [],
      removed: [],
      devices: [MIC, USB, EAR],
    });
    expect(compareDevices([MIC, EAR], hidden)).toEqual({ added: [], removed: [], devices: hidden });
  });

  it('have a nameless device added where there was none', () => {
    expect(compareDevices([], [nameless('audioinput')])?.added).toHaveLength(1);
  });
});

describe('a device', () => {
  it('is the same hardware as the default that stands for it, and not as the other socket of its card', () => {
    expect(isSameHardware(MIC, defaultOf(MIC))).toBe(true);
    expect(isSameHardware(USB, defaultOf(MIC))).toBe(false);
    expect(isSameHardware(MIC, { ...MIC, deviceId: 'line-in', label: 'Line in' })).toBe(false);
    expect(isSameHardware(MIC, { ...MIC, kind: 'audiooutput' })).toBe(false);
    expect(isSameHardware(nameless('audioinput'), { ...nameless('audioinput'), deviceId: 'x' })).toBe(false);
  });

  it('is known to be gone only from a list with names', () => {
    expect(isTelling([MIC], 'audioinput')).toBe(true);
    expect(isTelling([EAR], 'audioinput')).toBe(true);
    expect(isTelling([MIC], 'audiooutput')).toBe(false);
    expect(isTelling([nameless('audioinput')], 'audioinput')).toBe(false);
  });
});

describe('the watch', () => {
  let media: FakeMedia;
  let watch: DeviceWatch;
  let changes: DeviceChange[];

  const change = () => {
    media.mediaDevices.dispatchEvent(new Event('devicechange'));
  };
  const plug = (deviceId: string) => {
    media.plug({ deviceId, kind: 'audioinput', label: deviceId, groupId: deviceId });
  };
  const pass = (durationMs: number) => vi.advanceTimersByTimeAsync(durationMs);

  beforeEach(async () => {
    vi.useFakeTimers();
    media = FakeMedia.install();
    media.permit();
    watch = new DeviceWatch(new Logger('silent'));
    changes = [];
    watch.on('changed', (one) => changes.push(one));
    await watch.start();
  });

  afterEach(() => {
    watch.dispose();
    expect(media.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    media.uninstall();
    vi.useRealTimers();
  });

  it('knows what is there, tells nothing of it, and asks nobody', () => {
    expect(watch.devices).toHaveLength(4);
    expect(changes).toEqual([]);
    expect(media.requests).toEqual([]);
  });

  it('makes one change of what happens in a moment, when it has come to rest', async () => {
    plug('one');
    await pass(299);
    plug('two');
    await pass(299);
    expect(changes).toEqual([]);
    await pass(1);
    expect(changes.map(({ added }) => added.map(({ deviceId }) => deviceId))).toEqual([['one', 'two']]);
  });

  it('tells of a list that never comes to rest, a second after it began', async () => {
    plug('one');
    for (let atMs = 0; atMs < 1_000; atMs += 100) {
      change();
      await pass(100);
    }
    expect(changes).toHaveLength(1);
  });

  it('says nothing of what came and went in a moment', async () => {
    plug('one');
    media.unplug('one');
    await pass(1_000);
    expect(changes).toEqual([]);
  });

  it('looks at once when it is asked, and again when it is asked while it looks', async () => {
    const first = watch.refresh();
    plug('late');
    await Promise.all([first, watch.refresh()]);
    expect(changes).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps what it knew while the browser makes no list', async () => {
    Object.assign(media.mediaDevices, { enumerateDevices: () => Promise.reject(new Error('no')) });
    change();
    await pass(1_000);
    expect(watch.devices).toHaveLength(4);
    expect(changes).toEqual([]);
  });

  it('tells nothing after its end, also of a list that was on its way', async () => {
    plug('one');
    const looking = watch.refresh();
    watch.dispose();
    await looking;
    expect(changes).toEqual([]);
  });
});

it('has nothing to watch where there are no devices', async () => {
  const media = FakeMedia.install({ mediaDevices: false });
  const watch = new DeviceWatch(new Logger('silent'));
  await watch.start();
  await watch.refresh();
  expect(watch.devices).toEqual([]);
  watch.dispose();
  media.uninstall();
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveDeviceAudio } from '../../../src/device/live-device-audio';
import type { Call, Device } from '../../../src/index';
import { AgentBench } from '../../support/agent';
import { type Recorder, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';

/** Resolves when the devices are watched. */
async function watched({ audio }: Device): Promise<void> {
  if (!(audio instanceof LiveDeviceAudio)) throw new Error('not the audio of a Device');
  await audio.watch();
}

let bench: AgentBench;
let device: Device;
let onAudio: Recorder;

const HEADSET_MIC = {
  deviceId: 'headset-mic',
  kind: 'audioinput',
  label: 'Headset',
  groupId: 'headset',
} as const;
const HEADSET_EAR = {
  deviceId: 'headset-ear',
  kind: 'audiooutput',
  label: 'Headset',
  groupId: 'headset',
} as const;
const DESK_MIC = {
  deviceId: 'desk-mic',
  kind: 'audioinput',
  label: 'Desk microphone',
  groupId: 'desk',
} as const;
const USB_MIC = { deviceId: 'usb-mic', kind: 'audioinput', label: 'USB', groupId: 'usb' } as const;
const USB_EAR = { deviceId: 'usb-ear', kind: 'audiooutput', label: 'USB', groupId: 'usb' } as const;

const source = (track: unknown) => (track as { source: { deviceId: string; label: string } }).source;
const microphoneInUse = () => source(bench.webRtc.connection.getSenders()[0]?.track).deviceId;
const heard = () => bench.media.liveTracks.map(({ enabled }) => enabled);
const speakers = () => bench.media.outputElements.filter(({ src }) => src === '').map(({ sinkId }) => sinkId);

/** Watched, and with what is plugged in now. */
async function begin(options: Parameters<AgentBench['registered']>[0] = {}): Promise<void> {
  device = await bench.registered({ allowIncomingWhileBusy: true, ...options });
  onAudio = recordEvents(device.audio);
  await watched(device);
}

/** Plugs in or out, and waits until the Device has seen it. */
async function change(act: () => void): Promise<void> {
  act();
  await onAudio.next('devicesChanged');
  await settle(4);
}

beforeEach(async () => {
  bench = new AgentBench();
  bench.media.permit();
  bench.media.plug(USB_MIC);
  bench.media.plug(USB_EAR);
  await begin();
});

afterEach(() => {
  bench.stop();
  expect(bench.media.listeners).toBe(0);
});

describe('what is plugged in and out', () => {
  it('is told with what was added and lost, several changes at once', async () => {
    bench.media.plug({ ...USB_MIC, deviceId: 'new-mic', groupId: 'new' });
    bench.media.unplug('headset-mic');
    const [detail] = await onAudio.next('devicesChanged');
    expect(detail).toMatchObject({ added: [{ deviceId: 'new-mic' }], removed: [HEADSET_MIC] });
    expect((detail as { devices: unknown[] }).devices).toHaveLength(6);
    expect(onAudio.of('devicesChanged')).toHaveLength(1);
    expect(onAudio.of('deviceLost')).toEqual([]);
  });

  it('is told after the first grant with all names and nothing added', async () => {
    bench.stop();
    bench = new AgentBench();
    await begin();
    expect((await device.enumerateDevices()).map(({ label }) => label)).toEqual(['', '', '', '']);
    await bench.talk(device);
    const [detail] = await onAudio.next('devicesChanged');
    expect(detail).toMatchObject({ added: [], removed: [] });
    expect((detail as { devices: { label: string }[] }).devices[0]?.label).toBe('Desk microphone');
  });
});

describe('the microphone of a call', () => {
  it('that is unplugged gives way to the one before it, and comes back, muted all the while', async () => {
    await device.setInputDevice('usb-mic');
    await device.setInputDevice('headset-mic');
    const { call, events } = await bench.talk(device);
    call.mute(true);
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    expect(events.of('deviceLost')).toEqual([
      [{ kind: 'audioinput', device: HEADSET_MIC, replacement: USB_MIC }],
    ]);
    expect(microphoneInUse()).toBe('usb-mic');
    expect(heard()).toEqual([false]);
    expect(device.audio.inputDeviceId).toBe('usb-mic');
    bench.media.plug(HEADSET_MIC);
    expect(await events.next('deviceRecovered')).toEqual([{ kind: 'audioinput', device: HEADSET_MIC }]);
    expect(microphoneInUse()).toBe('headset-mic');
    expect(heard()).toEqual([false]);
    expect(device.audio.inputDeviceId).toBe('headset-mic');
    expect(onAudio.of('deviceLost')).toHaveLength(1);
    expect(onAudio.of('deviceRecovered')).toHaveLength(1);
    expect(events.of('error')).toEqual([]);
  });

  it('goes the whole way back: the one before, the one before that, the default', async () => {
    for (const id of ['desk-mic', 'usb-mic', 'headset-mic']) await device.setInputDevice(id);
    const { events } = await bench.talk(device);
    for (const [id, next] of [
      ['headset-mic', 'usb-mic'],
      ['usb-mic', 'desk-mic'],
    ] as const) {
      await change(() => {
        bench.media.unplug(id);
      });
      expect(microphoneInUse()).toBe(next);
    }
    await change(() => {
      bench.media.plug(USB_MIC);
    });
    expect(microphoneInUse()).toBe('usb-mic');
    await change(() => {
      bench.media.plug(HEADSET_MIC);
    });
    expect(microphoneInUse()).toBe('headset-mic');
    expect(events.of('deviceLost')).toHaveLength(2);
    expect(events.of('deviceRecovered')).toHaveLength(2);
  });

  it('that comes back finds the agent with another choice, which stays', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    await device.setInputDevice('usb-mic');
    await change(() => {
      bench.media.plug(HEADSET_MIC);
    });
    expect(microphoneInUse()).toBe('usb-mic');
    expect(events.of('deviceRecovered')).toEqual([]);
  });

  it('is found by its name when it comes back in another socket, under another id', async () => {
    await device.setInputDevice('headset-mic');
    await bench.talk(device);
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    await change(() => {
      bench.media.plug({ ...HEADSET_MIC, deviceId: 'other-socket' });
    });
    expect(microphoneInUse()).toBe('other-socket');
  });

  it('of its own choice gives way and comes back beside a call that follows the Device', async () => {
    const first = await bench.talk(device);
    const second = await bench.talk(device);
    await first.call.setInputDevice('headset-mic');
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    expect(first.events.of('deviceLost')).toHaveLength(1);
    expect(second.events.of('deviceLost')).toEqual([]);
    expect(onAudio.of('deviceLost')).toHaveLength(1);
    await change(() => {
      bench.media.plug(HEADSET_MIC);
    });
    expect(first.events.of('deviceRecovered')).toHaveLength(1);
    expect(device.audio.inputDeviceId).toBe('');
  });

  it('of two calls is lost and recovered once on the Device, and on each call', async () => {
    await device.setInputDevice('headset-mic');
    const calls = [await bench.talk(device), await bench.talk(device)];
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    await change(() => {
      bench.media.plug(HEADSET_MIC);
    });
    for (const event of ['deviceLost', 'deviceRecovered'])
      expect([...calls.map(({ events }) => events.of(event).length), onAudio.of(event).length]).toEqual([
        1, 1, 1,
      ]);
  });

  it('that is gone from the list without a word of its track gives way too', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    await change(() => {
      bench.media.forget('headset-mic');
    });
    expect(events.of('deviceLost')).toHaveLength(1);
    expect(microphoneInUse()).toBe('desk-mic');
  });

  it('that was the last one is lost without replacement, and the call takes the next that comes', async () => {
    bench.media.unplug('headset-mic');
    bench.media.unplug('usb-mic');
    await onAudio.next('devicesChanged');
    const { events } = await bench.talk(device);
    await change(() => {
      bench.media.unplug('desk-mic');
    });
    expect(events.of('deviceLost')).toEqual([[{ kind: 'audioinput', device: DESK_MIC }]]);
    expect(events.of('error')).toMatchObject([[{ code: 'MICROPHONE_NOT_FOUND' }]]);
    await change(() => {
      bench.media.plug(USB_MIC);
    });
    expect(microphoneInUse()).toBe('usb-mic');
    expect(events.of('deviceRecovered')).toEqual([[{ kind: 'audioinput', device: USB_MIC }]]);
    expect(events.of('error')).toHaveLength(1);
  });

  it('that is lost during a hold stays silent until the hold ends', async () => {
    await device.setInputDevice('headset-mic');
    const { call } = await bench.talk(device);
    void call.hold(true).catch(() => undefined);
    await settle();
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    expect(heard()).toEqual([false]);
  });

  it('that is lost before the call was answered is not waited for', async () => {
    await device.setInputDevice('headset-mic');
    const { call, invite, events } = await bench.ring(device);
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    expect(onAudio.of('deviceLost')).toHaveLength(1);
    await Promise.all([call.accept(), invite.answered()]);
    expect(microphoneInUse()).toBe('desk-mic');
    expect(events.of('deviceLost')).toEqual([]);
  });

  it('is not touched by what comes and goes once the call is over', async () => {
    await device.setInputDevice('headset-mic');
    const { call, events } = await bench.talk(device);
    bench.media.unplug('headset-mic');
    await call.disconnect();
    await onAudio.next('devicesChanged');
    await settle(4);
    expect(events.names.at(-1)).toBe('disconnect');
    expect(bench.media.liveTracks).toEqual([]);
  });
});

describe('a microphone that stops and is there all the same (a Bluetooth profile)', () => {
  it('is opened again at once, told as recovered', async () => {
    await device.setInputDevice('headset-mic');
    const { call, events } = await bench.talk(device);
    call.mute(true);
    bench.media.stop('headset-mic');
    await events.next('deviceRecovered');
    expect(microphoneInUse()).toBe('headset-mic');
    expect(heard()).toEqual([false]);
    expect(events.of('deviceLost')).toEqual([]);
  });

  it('is not trusted a second time in a row', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    bench.media.stop('headset-mic');
    await events.next('deviceRecovered');
    bench.media.stop('headset-mic');
    await events.next('deviceLost');
    expect(microphoneInUse()).toBe('desk-mic');
  });

  it('is given up when every one stops again and again, until devices come or go', async () => {
    const { events } = await bench.talk(device);
    for (let times = 0; times < 5; times += 1) {
      bench.media.stop('desk-mic');
      await settle(4);
    }
    expect(events.of('error')).toMatchObject([[{ code: 'MICROPHONE_FAILED' }]]);
    const requests = bench.media.requests.length;
    await settle(4);
    expect(bench.media.requests).toHaveLength(requests);
    await change(() => {
      bench.media.unplug('usb-mic');
    });
    expect(bench.media.liveTracks).toHaveLength(1);
  });

  it('that the system muted is captured anew when devices change, once', async () => {
    const { events } = await bench.talk(device);
    bench.media.liveTracks[0]?.setMuted(true);
    const requests = bench.media.requests.length;
    await change(() => {
      bench.media.unplug('usb-mic');
    });
    expect(events.of('inputMuted')).toEqual([[true], [false]]);
    expect(bench.media.requests).toHaveLength(requests + 1);
    expect(bench.media.liveTracks.map(({ muted }) => muted)).toEqual([false]);
  });
});

describe('the system takes another default', () => {
  it('and a call with the default follows it, in silence', async () => {
    await change(() => {
      bench.media.setDefault('desk-mic');
    });
    const { events } = await bench.talk(device);
    await change(() => {
      bench.media.setDefault('usb-mic');
    });
    expect(source(bench.media.liveTracks[0]).label).toBe('Default - USB');
    expect(events.of('deviceLost')).toEqual([]);
  });

  it('because the hardware is gone: that one is lost', async () => {
    await change(() => {
      bench.media.setDefault('usb-mic');
    });
    const { events } = await bench.talk(device);
    await change(() => {
      bench.media.setDefault('desk-mic');
      bench.media.unplug('usb-mic');
    });
    expect(events.of('deviceLost')).toMatchObject([[{ device: USB_MIC, replacement: { groupId: 'desk' } }]]);
  });

  it('and a call that chose the same microphone by its id stays', async () => {
    await device.setInputDevice('desk-mic');
    await bench.talk(device);
    await change(() => {
      bench.media.setDefault('usb-mic');
    });
    expect(microphoneInUse()).toBe('desk-mic');
  });
});

describe('permission', () => {
  it('that is taken away in a call and given again brings the microphone back', async () => {
    bench.stop();
    bench = new AgentBench({ media: { permission: 'granted' } });
    bench.media.permit();
    await begin();
    expect(await device.audio.permission()).toBe('granted');
    const { events } = await bench.talk(device);
    bench.media.setPermission('denied');
    await events.next('error');
    expect(events.of('error')).toMatchObject([[{ code: 'MICROPHONE_DENIED' }]]);
    expect(await onAudio.next('permissionChanged')).toEqual([{ state: 'denied' }]);
    bench.media.setPermission('granted');
    await events.next('deviceRecovered');
    expect(heard()).toEqual([true]);
  });
});

describe('the speaker of a call', () => {
  it('that is unplugged gives way to the one before, and comes back', async () => {
    await device.setOutputDevice('usb-ear');
    await device.setOutputDevice('headset-ear');
    const { events } = await bench.talk(device);
    await settle();
    await change(() => {
      bench.media.unplug('headset-ear');
    });
    expect(events.of('deviceLost')).toEqual([
      [{ kind: 'audiooutput', device: HEADSET_EAR, replacement: USB_EAR }],
    ]);
    expect(speakers()).toEqual(['usb-ear']);
    await change(() => {
      bench.media.plug(HEADSET_EAR);
    });
    expect(events.of('deviceRecovered')).toHaveLength(1);
    expect(speakers()).toEqual(['headset-ear']);
    expect(onAudio.of('deviceLost')).toHaveLength(1);
  });

  it('of its own choice comes back, and the Device is not asked', async () => {
    const { call, events } = await bench.talk(device);
    await call.setOutputDevice('headset-ear');
    await change(() => {
      bench.media.unplug('headset-ear');
    });
    expect(speakers()).toEqual(['']);
    await change(() => {
      bench.media.plug(HEADSET_EAR);
    });
    expect(speakers()).toEqual(['headset-ear']);
    expect(events.of('deviceRecovered')).toHaveLength(1);
    expect(device.audio.outputDeviceId).toBe('');
  });

  it('that is unplugged between calls is lost on the Device', async () => {
    await device.setOutputDevice('headset-ear');
    await change(() => {
      bench.media.unplug('headset-ear');
    });
    expect(onAudio.of('deviceLost')).toHaveLength(1);
    const { events } = await bench.talk(device);
    expect(events.of('deviceLost')).toEqual([]);
    await change(() => {
      bench.media.plug(HEADSET_EAR);
    });
    expect(speakers()).toEqual(['headset-ear']);
  });
});

describe('a tone that sounds while the speaker is unplugged', () => {
  const toneAt = () =>
    bench.media.outputElements
      .filter(({ src, isAudible }) => src !== '' && isAudible)
      .map(({ src, sinkId }) => `${src} at ${sinkId}`);

  beforeEach(async () => {
    await begin({ sounds: { ringback: 'ringback', busy: 'busy' } });
    await vi.dynamicImportSettled();
    await device.setOutputDevice('usb-ear');
    await device.setOutputDevice('headset-ear');
  });

  it('goes on at the one before it, and comes back', async () => {
    const { invite } = await bench.dial(device);
    invite.reply(180);
    await settle();
    expect(toneAt()).toEqual(['ringback at headset-ear']);
    await change(() => {
      bench.media.unplug('headset-ear');
    });
    expect(toneAt()).toEqual(['ringback at usb-ear']);
    await change(() => {
      bench.media.plug(HEADSET_EAR);
    });
    expect(toneAt()).toEqual(['ringback at headset-ear']);
  });

  it('when no call is left', async () => {
    const { invite } = await bench.dial(device);
    invite.reply(486);
    await settle();
    expect(toneAt()).toEqual(['busy at headset-ear']);
    await change(() => {
      for (const id of ['headset-ear', 'usb-ear']) bench.media.unplug(id);
    });
    expect(toneAt()).toEqual(['busy at ']);
  });
});

describe('several speakers for the ringtone', () => {
  const ringing = () =>
    bench.media.outputElements
      .filter(({ src, isAudible }) => src !== '' && isAudible)
      .map(({ sinkId }) => sinkId)
      .sort();

  const ring = async (): Promise<Call> => {
    const { call } = await bench.ring(device);
    await settle(4);
    return call;
  };

  it('ring all at once, while the call is somewhere else', async () => {
    await begin({ ringtoneUrl: 'ring.mp3', media: { ringtoneDeviceIds: ['desk-speaker', 'usb-ear'] } });
    await device.setOutputDevice('headset-ear');
    const call = await ring();
    expect(ringing()).toEqual(['desk-speaker', 'usb-ear']);
    call.reject();
    await device.audio.setRingtoneDevices(['usb-ear']);
    await ring();
    expect(ringing()).toEqual(['usb-ear']);
  });

  it('without any, the ringtone is where calls are', async () => {
    await begin({ ringtoneUrl: 'ring.mp3', media: { ringtoneDeviceIds: ['desk-speaker'] } });
    await device.setOutputDevice('headset-ear');
    await device.audio.setRingtoneDevices([]);
    await ring();
    expect(ringing()).toEqual(['headset-ear']);
  });

  it('go on without the one that is unplugged, at the default without all, and with them when they return', async () => {
    await begin({ ringtoneUrl: 'ring.mp3' });
    await device.audio.setRingtoneDevices(['headset-ear', 'usb-ear']);
    await ring();
    await change(() => {
      bench.media.unplug('usb-ear');
    });
    expect(ringing()).toEqual(['headset-ear']);
    expect(onAudio.of('deviceLost')).toHaveLength(1);
    await change(() => {
      bench.media.unplug('headset-ear');
    });
    expect(ringing()).toEqual(['']);
    await change(() => {
      bench.media.plug(HEADSET_EAR);
      bench.media.plug(USB_EAR);
    });
    expect(ringing()).toEqual(['headset-ear', 'usb-ear']);
    expect(onAudio.of('deviceRecovered')).toHaveLength(2);
  });
});

it('the part that watches is not loaded: calls go on with the default, and a choice holds', async () => {
  vi.doMock('../../../src/device/audio-care', () => {
    throw new Error('refused by a policy');
  });
  try {
    await begin();
    expect(await device.audio.permission()).toBe('unknown');
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    bench.media.unplug('headset-mic');
    await events.next('deviceLost');
    expect(microphoneInUse()).toBe('desk-mic');
  } finally {
    vi.doUnmock('../../../src/device/audio-care');
  }
});

it('the part that watches could not be loaded: the next register() tries again', async () => {
  let isOffline = true;
  vi.doMock('../../../src/device/audio-care', async (importOriginal) => {
    if (isOffline) throw new Error('offline');
    return importOriginal();
  });
  try {
    await begin();
    expect(await device.audio.permission()).toBe('unknown');
    await vi.dynamicImportSettled();
    isOffline = false;
    await device.unregister();
    await device.register();
    await watched(device);
    await change(() => {
      bench.media.unplug('headset-mic');
    });
    expect(onAudio.of('devicesChanged')).toHaveLength(1);
  } finally {
    vi.doUnmock('../../../src/device/audio-care');
  }
});

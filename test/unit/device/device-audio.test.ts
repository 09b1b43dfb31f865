import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveDeviceAudio } from '../../../src/device/live-device-audio';
import type { Device } from '../../../src/index';
import { AgentBench, tokenFor } from '../../support/agent';
import type { FakeMediaOptions } from '../../support/fake-media';
import { codeOf, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';

/** Resolves when the devices are watched. */
async function watched({ audio }: Device): Promise<void> {
  if (!(audio instanceof LiveDeviceAudio)) throw new Error('not the audio of a Device');
  await audio.watch();
}

let bench: AgentBench;
let device: Device;

async function begin(media: FakeMediaOptions = {}, options: Parameters<AgentBench['registered']>[0] = {}) {
  bench = new AgentBench({ media });
  bench.media.permit();
  device = await bench.registered({ allowIncomingWhileBusy: true, ...options });
  await watched(device);
}

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

afterEach(() => {
  bench.stop();
  expect(bench.media.listeners).toBe(0);
  vi.unstubAllGlobals();
});

const sending = () => bench.webRtc.connection.getSenders()[0]?.track;
const settings = () => (sending() as unknown as MediaStreamTrack | undefined)?.getSettings();
const source = () => (sending() as unknown as { source: { deviceId: string } }).source.deviceId;

describe('the processing of the voice', () => {
  const ALL = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

  it('is all on, unless the options say otherwise', async () => {
    await begin();
    await bench.talk(device);
    expect(settings()).toMatchObject(ALL);
    bench.stop();
    await begin({}, { media: { inputProcessing: { noiseSuppression: false } } });
    await bench.talk(device);
    expect(settings()).toMatchObject({ ...ALL, noiseSuppression: false });
  });

  it('changes on the running microphone, and what is left out stays', async () => {
    await begin();
    await bench.talk(device);
    const before = sending();
    await device.audio.setInputProcessing({ noiseSuppression: false });
    await device.audio.setInputProcessing({ autoGainControl: false });
    expect(settings()).toMatchObject({ ...ALL, noiseSuppression: false, autoGainControl: false });
    expect(sending()).toBe(before);
    expect(bench.media.requests).toHaveLength(1);
  });

  it.each(['ignores', 'refuses'] as const)(
    'is captured anew, muted as it was, where the browser %s it',
    async (applyConstraints) => {
      await begin({ applyConstraints });
      const { call } = await bench.talk(device);
      await call.setInputDevice('headset-mic');
      call.mute(true);
      await device.audio.setInputProcessing({ echoCancellation: false });
      expect(settings()).toMatchObject({ ...ALL, echoCancellation: false });
      expect(source()).toBe('headset-mic');
      expect(bench.media.liveTracks.map(({ enabled }) => enabled)).toEqual([false]);
    },
  );

  it('holds for calls to come, and two calls share one microphone again', async () => {
    await begin();
    await device.audio.setInputProcessing({ echoCancellation: false });
    await bench.talk(device);
    await bench.talk(device);
    expect(settings()).toMatchObject({ ...ALL, echoCancellation: false });
    expect(bench.media.requests).toHaveLength(1);
  });

  it('that a call cannot take is taken back from all', async () => {
    await begin({ applyConstraints: 'ignores' });
    await bench.talk(device);
    await bench.talk(device);
    bench.media.refuseNext('NotReadableError');
    bench.media.refuseNext('NotReadableError');
    expect(await codeOf(device.audio.setInputProcessing({ echoCancellation: false }))).toBe(
      'MICROPHONE_BUSY',
    );
    expect(settings()).toMatchObject(ALL);
    await bench.talk(device);
    expect(settings()).toMatchObject(ALL);
  });

  it('is the last that was asked for at once', async () => {
    await begin({ applyConstraints: 'ignores' });
    await bench.talk(device);
    await Promise.all(
      [false, true, false].map((echoCancellation) => device.audio.setInputProcessing({ echoCancellation })),
    );
    expect(settings()).toMatchObject({ ...ALL, echoCancellation: false });
    expect(bench.media.liveTracks).toHaveLength(1);
  });

  it.each([[undefined], [null], ['all'], [{ echoCancellation: 'yes' }], [{ autoGainControl: null }]])(
    'is not %j',
    async (processing) => {
      await begin();
      expect(await codeOf(device.audio.setInputProcessing(processing as never))).toBe('INVALID_ARGUMENT');
    },
  );
});

describe('the volume of a call', () => {
  it('is full, set at once or before the answer, and of this call only', async () => {
    await begin();
    const { call } = await bench.talk(device);
    expect(call.getVolume()).toBe(1);
    call.setVolume(0.25);
    const { call: other, invite } = await bench.ring(device);
    other.setVolume(0);
    await Promise.all([other.accept(), invite.answered()]);
    expect(bench.media.elements.map(({ volume }) => volume)).toEqual([0.25, 0]);
    await call.disconnect();
    call.setVolume(1);
    expect(other.getVolume()).toBe(0);
  });

  it.each([[undefined], [null], [NaN], [-0.1], [1.1], ['1'], [Infinity]])('is not %j', async (volume) => {
    await begin();
    const { call } = await bench.talk(device);
    expect(() => {
      call.setVolume(volume as number);
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
    expect(call.getVolume()).toBe(1);
  });
});

describe('ringtone devices', () => {
  it.each([[undefined], [null], ['usb'], [[7]], [Array.from({ length: 9 }, String)]])(
    'are not %j',
    async (ids) => {
      await begin();
      expect(await codeOf(device.audio.setRingtoneDevices(ids as never))).toBe('INVALID_ARGUMENT');
    },
  );

  it('that do not exist are refused, and those before ring on', async () => {
    await begin({}, { ringtoneUrl: 'ring.mp3' });
    await device.audio.setRingtoneDevices(['headset-ear']);
    expect(await codeOf(device.audio.setRingtoneDevices(['desk-speaker', 'gone']))).toBe(
      'OUTPUT_DEVICE_FAILED',
    );
    await bench.ring(device);
    await settle();
    const ringing = bench.media.outputElements.filter(({ isAudible }) => isAudible);
    expect(ringing.map(({ sinkId }) => sinkId)).toEqual(['headset-ear']);
  });

  it('are UNSUPPORTED where the browser cannot choose', async () => {
    await begin({ outputSelection: false }, { ringtoneUrl: 'ring.mp3' });
    expect(await codeOf(device.audio.setRingtoneDevices(['headset-ear']))).toBe('UNSUPPORTED');
  });
});

describe('permission', () => {
  it('is told, and its changes are events', async () => {
    await begin({ permission: 'prompt' });
    const events = recordEvents(device.audio);
    expect(await device.audio.permission()).toBe('prompt');
    bench.media.setPermission('granted');
    expect(await events.next('permissionChanged')).toEqual([{ state: 'granted' }]);
    expect(await device.audio.permission()).toBe('granted');
  });

  it('without the API is what became of opening a microphone', async () => {
    bench = new AgentBench();
    device = await bench.registered();
    const events = recordEvents(device.audio);
    expect(await device.audio.permission()).toBe('unknown');
    bench.media.refuseNext('NotAllowedError');
    expect(await codeOf(device.connect({ to: '100' }))).toBe('MICROPHONE_DENIED');
    expect(await events.next('permissionChanged')).toEqual([{ state: 'denied' }]);
    await bench.talk(device);
    expect(await events.next('permissionChanged')).toEqual([{ state: 'granted' }]);
  });
});

describe('choices that are remembered', () => {
  const REMEMBER = { media: { rememberDevices: true } };

  /** The next session of this or another agent in the same browser. */
  async function nextSession(options: Parameters<AgentBench['registered']>[0] = REMEMBER): Promise<void> {
    bench.stop();
    bench = new AgentBench();
    bench.media.permit();
    device = await bench.registered(options);
  }

  it('are in force when the Device is registered', async () => {
    await begin({}, REMEMBER);
    await device.setInputDevice('headset-mic');
    await device.setOutputDevice('headset-ear');
    await settle(8);
    await nextSession();
    expect([device.audio.inputDeviceId, device.audio.outputDeviceId]).toEqual(['headset-mic', 'headset-ear']);
    await bench.talk(device);
    await settle();
    expect(source()).toBe('headset-mic');
    expect(bench.media.outputElement.sinkId).toBe('headset-ear');
  });

  it('count more than the devices to begin with, and the ringtone has its own', async () => {
    await begin({}, { ...REMEMBER, ringtoneUrl: 'ring.mp3' });
    await device.setInputDevice('headset-mic');
    await device.audio.setRingtoneDevices(['desk-speaker', 'headset-ear']);
    await settle(8);
    await nextSession({
      ringtoneUrl: 'ring.mp3',
      media: { rememberDevices: true, inputDeviceId: 'desk-mic', outputDeviceId: 'desk-speaker' },
    });
    expect([device.audio.inputDeviceId, device.audio.outputDeviceId]).toEqual([
      'headset-mic',
      'desk-speaker',
    ]);
    await bench.ring(device);
    await settle(4);
    const ringing = bench.media.outputElements.filter(({ isAudible }) => isAudible);
    expect(ringing.map(({ sinkId }) => sinkId).sort()).toEqual(['desk-speaker', 'headset-ear']);
  });

  it('are found by name where the browser has given other ids', async () => {
    await begin({}, REMEMBER);
    await device.setInputDevice('headset-mic');
    await settle(8);
    bench.stop();
    bench = new AgentBench({
      media: {
        devices: [
          { deviceId: 'x1', kind: 'audioinput', label: 'Desk microphone', groupId: 'd' },
          { deviceId: 'x2', kind: 'audioinput', label: 'Headset', groupId: 'h' },
        ],
      },
    });
    bench.media.permit();
    device = await bench.registered(REMEMBER);
    expect(device.audio.inputDeviceId).toBe('x2');
  });

  it('of a device that is not there wait for it', async () => {
    await begin({}, REMEMBER);
    await device.setInputDevice('headset-mic');
    await settle(8);
    bench.stop();
    bench = new AgentBench();
    bench.media.permit();
    bench.media.unplug('headset-mic');
    device = await bench.registered(REMEMBER);
    const events = recordEvents(device.audio);
    expect(device.audio.inputDeviceId).toBe('');
    bench.media.plug({ deviceId: 'headset-mic', kind: 'audioinput', label: 'Headset', groupId: 'headset' });
    await events.next('devicesChanged');
    expect(device.audio.inputDeviceId).toBe('headset-mic');
    expect(events.of('deviceLost')).toEqual([]);
  });

  it('give way to what the agent has chosen already in this session', async () => {
    await begin({}, REMEMBER);
    await device.setInputDevice('headset-mic');
    await settle(8);
    bench.stop();
    bench = new AgentBench();
    bench.media.permit();
    device = bench.device(REMEMBER);
    await device.setInputDevice('desk-mic');
    await device.register();
    expect(device.audio.inputDeviceId).toBe('desk-mic');
    await settle(8);
    await nextSession();
    expect(device.audio.inputDeviceId).toBe('desk-mic');
  });

  it('are those of this agent, and of nobody who did not ask for it', async () => {
    await begin({}, REMEMBER);
    await device.setInputDevice('headset-mic');
    await settle(8);
    bench.stop();
    bench = new AgentBench();
    bench.media.permit();
    device = await bench.registered({ ...REMEMBER, token: tokenFor({ userUuid: 'agent-2' }) });
    expect(device.audio.inputDeviceId).toBe('');
    await nextSession({});
    expect(device.audio.inputDeviceId).toBe('');
  });

  it('hold nothing secret', async () => {
    await begin({}, REMEMBER);
    await device.setInputDevice('headset-mic');
    await settle(8);
    const { openDB } = await import('idb');
    const database = await openDB('2chat-voice-preferences');
    expect(await database.getAllKeys('devices')).toEqual(['https://api.p.2chat.io agent-1']);
    expect(await database.getAll('devices')).toEqual([
      { input: { deviceId: 'headset-mic', label: 'Headset' } },
    ]);
    database.close();
  });

  describe('in two tabs at once', () => {
    const stored = async () => {
      const { openDB } = await import('idb');
      const database = await openDB('2chat-voice-preferences');
      const [devices] = (await database.getAll('devices')) as unknown[];
      database.close();
      return devices;
    };
    let other: Device;

    beforeEach(async () => {
      await begin({}, REMEMBER);
      await device.setInputDevice('desk-mic');
      await settle(8);
      other = await bench.registered(REMEMBER);
      await settle(8);
    });

    it('do not overwrite each other', async () => {
      await device.setInputDevice('headset-mic');
      await settle(8);
      await other.setOutputDevice('headset-ear');
      await settle(8);
      await Promise.all([
        device.audio.setRingtoneDevices(['desk-speaker']),
        other.setInputDevice('desk-mic'),
      ]);
      await settle(8);
      expect(await stored()).toEqual({
        input: { deviceId: 'desk-mic', label: 'Desk microphone' },
        output: { deviceId: 'headset-ear', label: 'Headset' },
        ringtone: [{ deviceId: 'desk-speaker', label: 'Desk speaker' }],
      });
    });

    it('are the last choice, also of what a tab had before', async () => {
      await device.setInputDevice('headset-mic');
      await settle(8);
      await other.setInputDevice('desk-mic');
      await settle(8);
      expect(await stored()).toMatchObject({ input: { deviceId: 'desk-mic' } });
    });

    it('are not undone by a name that became known', async () => {
      await device.setInputDevice('headset-mic');
      await settle(8);
      const events = recordEvents(other.audio);
      bench.media.unplug('desk-mic');
      bench.media.plug({ deviceId: 'desk-mic', kind: 'audioinput', label: 'New name', groupId: 'desk' });
      bench.media.plug({ deviceId: 'more', kind: 'audioinput', label: 'More', groupId: 'more' });
      await events.next('devicesChanged');
      await settle(8);
      expect(await stored()).toEqual({ input: { deviceId: 'headset-mic', label: 'Headset' } });
    });
  });

  it('take one database, however often register() is called at once', async () => {
    const open = vi.spyOn(indexedDB, 'open');
    bench = new AgentBench();
    device = bench.device(REMEMBER);
    await Promise.all([device.register(), device.register()]);
    await settle(8);
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('that were never there in this session are not lost', async () => {
    await begin({}, REMEMBER);
    await device.setInputDevice('headset-mic');
    await settle(8);
    bench.stop();
    bench = new AgentBench();
    bench.media.permit();
    bench.media.unplug('headset-mic');
    device = bench.device(REMEMBER);
    const events = recordEvents(device.audio);
    await device.register();
    await settle(8);
    expect(device.audio.inputDeviceId).toBe('');
    expect(events.of('deviceLost')).toEqual([]);
  });

  it('are not waited for where the database never answers', async () => {
    vi.stubGlobal('indexedDB', { open: () => new EventTarget() });
    await begin({}, REMEMBER);
    expect(device.isRegistered()).toBe(true);
    await device.setInputDevice('headset-mic');
    expect(device.audio.inputDeviceId).toBe('headset-mic');
  });
});

describe('tests of microphone and speaker', () => {
  it.each([
    [{ durationMs: 0 }],
    [{ durationMs: 60_001 }],
    [{ durationMs: 'long' }],
    [{ deviceId: 7 }],
    [{ onLevel: 'loud' }],
  ])('of the microphone are not %j', async (options) => {
    await begin();
    expect(await codeOf(device.audio.testMicrophone(options as never))).toBe('INVALID_ARGUMENT');
    expect(bench.media.requests).toEqual([]);
  });

  it('say what is wrong with the microphone, and leave nothing open', async () => {
    await begin();
    expect(await codeOf(device.audio.testMicrophone({ deviceId: 'gone' }))).toBe('MICROPHONE_NOT_FOUND');
    bench.media.refuseNext('NotAllowedError');
    expect(await codeOf(device.audio.testMicrophone())).toBe('MICROPHONE_DENIED');
    // There is no AudioWorklet here.
    expect(await codeOf(device.audio.testMicrophone())).toBe('UNSUPPORTED');
    expect(bench.media.liveTracks).toEqual([]);
  });

  it('end with the reason of the signal, before and while they wait', async () => {
    await begin();
    const reason = new Error('closed the dialog');
    await expect(device.audio.testMicrophone({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(device.audio.testOutput({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    bench.media.autoGrant = false;
    const ending = new AbortController();
    const testing = device.audio.testMicrophone({ signal: ending.signal });
    while (bench.media.prompts.length === 0) await settle();
    ending.abort(reason);
    await expect(testing).rejects.toBe(reason);
    bench.media.prompts[0]?.grant();
    await settle();
    expect(bench.media.liveTracks).toEqual([]);
  });

  it('are of the devices that calls take where none is named, also with undefined', async () => {
    await begin();
    await device.setInputDevice('headset-mic');
    for (const options of [undefined, {}, { deviceId: undefined as never }])
      expect(await codeOf(device.audio.testMicrophone(options))).toBe('UNSUPPORTED');
    expect(bench.media.requests.map(({ audio }) => audio)).toMatchObject(
      Array.from({ length: 3 }, () => ({ deviceId: { exact: 'headset-mic' } })),
    );
    await codeOf(device.audio.testMicrophone({ deviceId: '' }));
    expect(bench.media.requests.at(-1)?.audio).not.toHaveProperty('deviceId');
  });

  it('need a browser that plays sound', async () => {
    await begin();
    expect(await codeOf(device.audio.testOutput())).toBe('BROWSER_UNSUPPORTED');
    expect(await codeOf(device.audio.testOutput({ durationMs: -1 }))).toBe('INVALID_ARGUMENT');
  });
});

describe('after destroy()', () => {
  it('every method is DESTROYED, and a test that runs ends', async () => {
    await begin();
    const { audio } = device;
    bench.media.autoGrant = false;
    const testing = audio.testMicrophone();
    while (bench.media.prompts.length === 0) await settle();
    device.destroy();
    const all = [
      testing,
      audio.setRingtoneDevices([]),
      audio.setInputProcessing({}),
      audio.testOutput(),
      audio.testMicrophone(),
      audio.permission(),
    ];
    for (const done of all) expect(await codeOf(done)).toBe('DESTROYED');
    expect(() => audio.on('devicesChanged', () => undefined)).not.toThrow();
    bench.media.prompts[0]?.grant();
    await settle();
    expect(bench.media.liveTracks).toEqual([]);
  });

  it('before the part that watches has loaded, nothing is watched', async () => {
    bench = new AgentBench();
    device = bench.device();
    device.audio.on('devicesChanged', () => undefined);
    device.destroy();
    await watched(device);
    await settle();
    expect(bench.media.mediaDevices.listenerCount()).toBe(0);
  });

  it('a failure that nobody awaits is an error event of the Device', async () => {
    await begin();
    const events = recordEvents(device);
    void device.audio.setRingtoneDevices('all' as never);
    expect(await events.next('error')).toMatchObject([{ code: 'INVALID_ARGUMENT' }]);
  });
});

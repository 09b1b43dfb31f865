import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveDeviceAudio } from '../../../src/device/live-device-audio';
import type { Device } from '../../../src/index';
import { AgentBench, type BenchOptions } from '../../support/agent';
import { type Recorder, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';

const SECOND = 1_000;

const HEADSET_MIC = {
  deviceId: 'headset-mic',
  kind: 'audioinput',
  label: 'Headset',
  groupId: 'headset',
} as const;
const HEADSET_EAR = { ...HEADSET_MIC, deviceId: 'headset-ear', kind: 'audiooutput' } as const;
const DESK_MIC = { deviceId: 'desk-mic', kind: 'audioinput', label: 'Desk microphone', groupId: 'desk' };

let bench: AgentBench;
let device: Device;
let onAudio: Recorder;

const microphoneInUse = () =>
  (
    bench.webRtc.connection.getSenders()[0]?.track as unknown as {
      source: { deviceId: string; label: string };
    }
  ).source;
const speakers = () => bench.media.outputElements.filter(({ src }) => src === '').map(({ sinkId }) => sinkId);
const told = (recorder: Recorder) =>
  recorder.names.filter((name) => name === 'deviceLost' || name === 'deviceRecovered');

const LOST = 'deviceLost';
const RECOVERED = 'deviceRecovered';

async function pass(durationMs: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(durationMs);
  await settle(4);
}

/** Plugs in or out, and lets the Device see it. */
async function change(act: () => void): Promise<void> {
  act();
  await pass(300);
}
const unplug = (...ids: string[]) =>
  change(() => {
    for (const id of ids) bench.media.unplug(id);
  });
const plug = (...devices: Parameters<AgentBench['media']['plug']>[0][]) =>
  change(() => {
    for (const one of devices) bench.media.plug(one);
  });

async function begin(
  options: Parameters<AgentBench['registered']>[0] = {},
  benchOptions: BenchOptions = {},
): Promise<void> {
  bench = new AgentBench(benchOptions);
  bench.media.permit();
  device = await bench.registered({ allowIncomingWhileBusy: true, ...options });
  onAudio = recordEvents(device.audio);
  if (device.audio instanceof LiveDeviceAudio) await device.audio.watch();
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  await begin();
});

afterEach(() => {
  bench.stop();
  expect(bench.media.listeners).toBe(0);
  vi.useRealTimers();
});

describe('a headset that is listed before it can be opened', () => {
  it('is taken a moment later, and until then is not said to be in use', async () => {
    await device.setInputDevice('headset-mic');
    const { call, events } = await bench.talk(device);
    call.mute(true);
    await unplug('headset-mic');
    bench.media.refuseNext('NotReadableError');
    bench.media.refuseNext('AbortError');
    await plug(HEADSET_MIC);
    expect([microphoneInUse().deviceId, device.audio.inputDeviceId]).toEqual(['desk-mic', '']);
    await pass(500);
    expect(microphoneInUse().deviceId).toBe('desk-mic');
    expect(told(onAudio)).toEqual([LOST]);
    await pass(SECOND);
    expect([microphoneInUse().deviceId, device.audio.inputDeviceId]).toEqual(['headset-mic', 'headset-mic']);
    expect(bench.media.liveTracks.map(({ enabled }) => enabled)).toEqual([false]);
    expect(told(events)).toEqual([LOST, RECOVERED]);
    expect(told(onAudio)).toEqual([LOST, RECOVERED]);
    expect(events.of('error')).toEqual([]);
  });

  it('and never can is an error of the call after 10 s, once, and is tried again when devices change', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    await unplug('headset-mic');
    for (let tries = 0; tries < 5; tries += 1) bench.media.refuseNext('NotReadableError');
    await plug(HEADSET_MIC);
    await pass(9 * SECOND);
    expect(events.of('error')).toEqual([]);
    await pass(SECOND);
    expect(events.of('error')).toMatchObject([[{ code: 'MICROPHONE_BUSY' }]]);
    expect([microphoneInUse().deviceId, device.audio.inputDeviceId]).toEqual(['desk-mic', '']);
    const requests = bench.media.requests.length;
    await device.setOutputDevice('headset-ear');
    await pass(30 * SECOND);
    expect(bench.media.requests).toHaveLength(requests);
    expect(events.of('error')).toHaveLength(1);
    await unplug('desk-speaker');
    expect([microphoneInUse().deviceId, device.audio.inputDeviceId]).toEqual(['headset-mic', 'headset-mic']);
    expect(told(events)).toEqual([LOST, RECOVERED]);
  });

  it('and that the agent does not allow is an error at once, and nobody is asked again', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    await unplug('headset-mic');
    bench.media.refuseNext('NotAllowedError');
    await plug(HEADSET_MIC);
    expect(events.of('error')).toMatchObject([[{ code: 'MICROPHONE_DENIED' }]]);
    const requests = bench.media.requests.length;
    await device.setOutputDevice('headset-ear');
    await pass(30 * SECOND);
    expect(bench.media.requests).toHaveLength(requests);
    expect(events.of('error')).toHaveLength(1);
    expect([microphoneInUse().deviceId, device.audio.inputDeviceId]).toEqual(['desk-mic', '']);
  });

  it('is opened for both calls, also for one that began while it could not be', async () => {
    await device.setInputDevice('headset-mic');
    const first = await bench.talk(device);
    await unplug('headset-mic');
    bench.media.refuseNext('NotReadableError');
    await plug(HEADSET_MIC);
    await bench.talk(device);
    await pass(500);
    expect(bench.media.liveTracks.map(({ source }) => source.deviceId)).toEqual([
      'headset-mic',
      'headset-mic',
    ]);
    expect(told(first.events)).toEqual([LOST, RECOVERED]);
    expect(told(onAudio)).toEqual([LOST, RECOVERED]);
  });

  it('is the only one: the call hears silence no longer than it must', async () => {
    await unplug('desk-mic');
    await bench.talk(device);
    await unplug('headset-mic');
    bench.media.refuseNext('NotReadableError');
    await plug(HEADSET_MIC);
    expect(bench.media.liveTracks).toEqual([]);
    await pass(500);
    expect(bench.media.liveTracks).toHaveLength(1);
    expect(told(onAudio)).toEqual([LOST, RECOVERED]);
  });

  it('is no longer tried once the agent has another wish, the call is over, or it is gone again', async () => {
    await device.setInputDevice('headset-mic');
    const { call } = await bench.talk(device);
    await unplug('headset-mic');
    bench.media.refuseNext('NotReadableError');
    await plug(HEADSET_MIC);
    await device.setInputDevice('desk-mic');
    await pass(10 * SECOND);
    expect(microphoneInUse().deviceId).toBe('desk-mic');
    await device.setInputDevice('headset-mic');
    await unplug('headset-mic');
    bench.media.refuseNext('NotReadableError');
    await plug(HEADSET_MIC);
    await unplug('headset-mic');
    const requests = bench.media.requests.length;
    await pass(10 * SECOND);
    expect(bench.media.requests).toHaveLength(requests);
    bench.media.refuseNext('NotReadableError');
    await plug(HEADSET_MIC);
    const last = bench.media.requests.length;
    await call.disconnect();
    await pass(10 * SECOND);
    expect(bench.media.requests).toHaveLength(last);
    expect(device.audio.inputDeviceId).toBe('headset-mic');
  });

  it('leaves nothing that waits when the Device is destroyed', async () => {
    await device.setInputDevice('headset-mic');
    await bench.talk(device);
    await unplug('headset-mic');
    bench.media.refuseNext('NotReadableError');
    await plug(HEADSET_MIC);
    const requests = bench.media.requests.length;
    device.destroy();
    await pass(60 * SECOND);
    expect(bench.media.requests).toHaveLength(requests);
    expect(bench.media.liveTracks).toEqual([]);
  });

  it('as a speaker is taken when setSinkId() does, and said to be lost until then', async () => {
    await device.setOutputDevice('headset-ear');
    const { events } = await bench.talk(device);
    await settle();
    await unplug('headset-ear');
    const element = bench.media.outputElements.find(({ src }) => src === '');
    const setSinkId = element?.setSinkId.bind(element);
    if (!element || !setSinkId) throw new Error('nothing plays');
    let refusals = 1;
    element.setSinkId = (id) =>
      id !== '' && refusals-- > 0 ? Promise.reject(new DOMException('not yet', 'AbortError')) : setSinkId(id);
    await plug(HEADSET_EAR);
    expect([speakers(), device.audio.outputDeviceId]).toEqual([[''], '']);
    expect(told(events)).toEqual([LOST]);
    await pass(500);
    expect([speakers(), device.audio.outputDeviceId]).toEqual([['headset-ear'], 'headset-ear']);
    expect(told(events)).toEqual([LOST, RECOVERED]);
    expect(events.of('error')).toEqual([]);
  });

  it('as a speaker for the ringtone rings when it can', async () => {
    bench.stop();
    await begin({ ringtoneUrl: 'ring.mp3' });
    await device.audio.setRingtoneDevices(['headset-ear']);
    await bench.ring(device);
    await pass(0);
    await unplug('headset-ear');
    let refusals = 2;
    const restore = bench.media.outputElements.map((element) => {
      const setSinkId = element.setSinkId.bind(element);
      element.setSinkId = (id) =>
        id !== '' && refusals-- > 0
          ? Promise.reject(new DOMException('not yet', 'AbortError'))
          : setSinkId(id);
      return element;
    });
    expect(restore.length).toBeGreaterThan(0);
    await plug(HEADSET_EAR);
    const ringing = () =>
      bench.media.outputElements.filter(({ isAudible }) => isAudible).map(({ sinkId }) => sinkId);
    expect(ringing()).toEqual(['']);
    expect(told(onAudio)).toEqual([LOST]);
    await pass(500);
    expect(ringing()).toEqual(['headset-ear']);
    expect(told(onAudio)).toEqual([LOST, RECOVERED]);
  });
});

describe('what is lost is told once, and what returns is told once:', () => {
  it.each([
    ['its track ends', true],
    ['its track goes on', false],
  ])('the headset that the system has as its default, twice, where %s', async (_name, ends) => {
    await change(() => {
      bench.media.setDefault('headset-mic');
    });
    const { events } = await bench.talk(device);
    for (let times = 1; times <= 2; times += 1) {
      await change(() => {
        bench.media.setDefault('desk-mic');
        if (ends) bench.media.stop('default');
        bench.media.forget('headset-mic');
      });
      expect(microphoneInUse().label).toBe('Default - Desk microphone');
      await change(() => {
        bench.media.plug(HEADSET_MIC);
        bench.media.setDefault('headset-mic');
      });
      expect(microphoneInUse().label).toBe('Default - Headset');
      const both = Array.from({ length: times }, () => [LOST, RECOVERED]).flat();
      expect([told(events), told(onAudio)]).toEqual([both, both]);
    }
    for (const recorder of [events, onAudio]) {
      expect(recorder.of(LOST)[0]).toMatchObject([{ device: HEADSET_MIC, replacement: { groupId: 'desk' } }]);
      expect(recorder.of(RECOVERED)[0]).toEqual([{ kind: 'audioinput', device: HEADSET_MIC }]);
    }
  });

  it('a headset that returns in another socket, and goes from there', async () => {
    await device.setInputDevice('headset-mic');
    await device.setOutputDevice('headset-ear');
    const { events } = await bench.talk(device);
    await settle();
    await unplug('headset-mic', 'headset-ear');
    const moved = [
      { ...HEADSET_MIC, deviceId: 'other-mic', groupId: 'other' },
      { ...HEADSET_EAR, deviceId: 'other-ear', groupId: 'other' },
    ];
    await plug(...moved);
    expect([microphoneInUse().deviceId, ...speakers()]).toEqual(['other-mic', 'other-ear']);
    expect([device.audio.inputDeviceId, device.audio.outputDeviceId]).toEqual(['other-mic', 'other-ear']);
    for (const recorder of [events, onAudio]) {
      expect(recorder.of(LOST)).toHaveLength(2);
      expect(recorder.of(RECOVERED).map(([detail]) => detail)).toEqual(
        expect.arrayContaining(moved.map((one) => ({ kind: one.kind, device: one }))),
      );
    }
    await unplug('other-mic', 'other-ear');
    await plug(HEADSET_MIC, HEADSET_EAR);
    expect([microphoneInUse().deviceId, ...speakers()]).toEqual(['headset-mic', 'headset-ear']);
    for (const recorder of [events, onAudio])
      expect([recorder.of(LOST).length, recorder.of(RECOVERED).length]).toEqual([4, 4]);
  });

  it('one that comes and goes and comes and goes within a second or two', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    for (let times = 0; times < 2; times += 1) {
      await unplug('headset-mic');
      await plug(HEADSET_MIC);
    }
    expect(microphoneInUse().deviceId).toBe('headset-mic');
    const all = [LOST, RECOVERED, LOST, RECOVERED];
    expect([told(events), told(onAudio)]).toEqual([all, all]);
  });

  it('a speaker of the ringtone, whatever is chosen afterwards', async () => {
    await device.audio.setRingtoneDevices(['headset-ear']);
    await pass(0);
    await unplug('headset-ear');
    await plug(HEADSET_EAR);
    for (const id of ['headset-mic', 'desk-mic', 'headset-mic']) {
      await device.setInputDevice(id);
      await pass(2 * SECOND);
    }
    expect(told(onAudio)).toEqual([LOST, RECOVERED]);
  });

  it('one that the agent chooses again after it was another one meanwhile', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    await unplug('headset-mic');
    await device.setInputDevice('desk-mic');
    await plug(HEADSET_MIC);
    expect(told(events)).toEqual([LOST]);
    await device.setInputDevice('headset-mic');
    await pass(0);
    expect([told(events), told(onAudio)]).toEqual([
      [LOST, RECOVERED],
      [LOST, RECOVERED],
    ]);
  });

  it('one of a call that began later is recovered on the Device, and no news of that call', async () => {
    await device.setInputDevice('headset-mic');
    await unplug('headset-mic');
    const { events } = await bench.talk(device);
    await plug(HEADSET_MIC);
    expect(microphoneInUse().deviceId).toBe('headset-mic');
    expect([told(events), told(onAudio)]).toEqual([[], [LOST, RECOVERED]]);
  });
});

describe('two devices of one name', () => {
  const twins = (kind: 'audioinput' | 'audiooutput') =>
    ['laptop', 'a', 'b'].map((deviceId) => ({
      deviceId,
      kind,
      label: deviceId === 'laptop' ? 'Laptop' : 'USB Audio',
      groupId: deviceId,
    }));

  it('as microphones: the lost one is not the other, and comes back', async () => {
    bench.stop();
    await begin({}, { media: { devices: twins('audioinput') } });
    await device.setInputDevice('laptop');
    await device.setInputDevice('a');
    const { events } = await bench.talk(device);
    await unplug('a');
    expect([microphoneInUse().deviceId, device.audio.inputDeviceId]).toEqual(['laptop', 'laptop']);
    expect(events.of(LOST)).toMatchObject([
      [{ device: { deviceId: 'a' }, replacement: { deviceId: 'laptop' } }],
    ]);
    await plug({ deviceId: 'a', kind: 'audioinput', label: 'USB Audio', groupId: 'a' });
    expect(microphoneInUse().deviceId).toBe('a');
    expect([told(events), told(onAudio)]).toEqual([
      [LOST, RECOVERED],
      [LOST, RECOVERED],
    ]);
  });

  it('as speakers: the call does not move to the other monitor', async () => {
    bench.stop();
    await begin({}, { media: { devices: [...twins('audiooutput'), DESK_MIC as never] } });
    await device.setOutputDevice('laptop');
    await device.setOutputDevice('a');
    await bench.talk(device);
    await settle();
    await unplug('a');
    expect([speakers(), device.audio.outputDeviceId]).toEqual([['laptop'], 'laptop']);
    expect(told(onAudio)).toEqual([LOST]);
  });
});

describe('a microphone that stops and does not open again', () => {
  it('gives way to the one before it within 5 s, and is closed when it comes late', async () => {
    await device.setInputDevice('headset-mic');
    const { events } = await bench.talk(device);
    bench.media.autoGrant = false;
    bench.media.stop('headset-mic');
    await settle();
    bench.media.autoGrant = true;
    await pass(4_900);
    expect(bench.media.liveTracks).toEqual([]);
    await pass(100);
    expect(microphoneInUse().deviceId).toBe('desk-mic');
    expect(told(events)).toEqual([LOST]);
    bench.media.prompts[0]?.grant();
    await settle();
    expect(bench.media.liveTracks).toHaveLength(1);
    expect(events.of('error')).toEqual([]);
  });

  it('has its time where there is no other one to ask for', async () => {
    await bench.talk(device);
    bench.media.autoGrant = false;
    bench.media.stop('desk-mic');
    await pass(30 * SECOND);
    expect(bench.media.prompts).toHaveLength(1);
    bench.media.prompts[0]?.grant();
    await settle(4);
    expect(microphoneInUse().deviceId).toBe('desk-mic');
  });
});

describe('a prompt that stands while the microphone in use stops', () => {
  it('is given up a second later, and the call goes on with another one', async () => {
    const { call, events } = await bench.talk(device);
    bench.media.autoGrant = false;
    const choosing = call.setInputDevice('headset-mic').catch((error: unknown) => error);
    await settle();
    bench.media.autoGrant = true;
    bench.media.stop('desk-mic');
    await pass(999);
    expect(bench.media.liveTracks).toEqual([]);
    await pass(1);
    expect(await choosing).toMatchObject({ code: 'MICROPHONE_FAILED' });
    expect(microphoneInUse().deviceId).toBe('desk-mic');
    expect(events.of('error')).toEqual([]);
    // What is granted too late is closed at once.
    bench.media.prompts[0]?.grant();
    await settle();
    expect(bench.media.liveTracks).toHaveLength(1);
    expect(microphoneInUse().deviceId).toBe('desk-mic');
  });

  it('and each of those behind it are', async () => {
    const { call } = await bench.talk(device);
    bench.media.autoGrant = false;
    const choosing = ['headset-mic', 'desk-mic', 'headset-mic'].map((id) =>
      call.setInputDevice(id).catch((error: unknown) => error),
    );
    await settle();
    bench.media.stop('desk-mic');
    await pass(3 * SECOND);
    expect(await Promise.all(choosing)).toMatchObject(
      Array.from({ length: 3 }, () => ({ code: 'MICROPHONE_FAILED' })),
    );
    // The third shares the prompt of the first; the last is that of the replacement.
    expect(bench.media.prompts).toHaveLength(3);
    bench.media.prompts.at(-1)?.grant();
    await settle(4);
    expect(bench.media.liveTracks).toHaveLength(1);
  });

  it('is waited for where nothing has stopped, and where nothing else can be had', async () => {
    const { call } = await bench.talk(device);
    bench.media.autoGrant = false;
    const choosing = call.setInputDevice('headset-mic');
    await pass(30 * SECOND);
    bench.media.prompts[0]?.grant();
    await choosing;
    bench.media.autoGrant = true;
    await unplug('headset-mic', 'desk-mic');
    bench.media.autoGrant = false;
    bench.media.plug(DESK_MIC as never);
    const again = call.setInputDevice('desk-mic');
    await pass(30 * SECOND);
    for (const prompt of [...bench.media.prompts]) prompt.grant();
    await again;
    expect(microphoneInUse().deviceId).toBe('desk-mic');
  });
});

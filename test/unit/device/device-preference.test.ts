import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Call, Device } from '../../../src/index';
import { AgentBench, tokenFor } from '../../support/agent';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';

let bench: AgentBench;
let device: Device;

beforeEach(async () => {
  bench = new AgentBench();
  bench.media.plug({ deviceId: 'usb-mic', kind: 'audioinput', label: 'USB', groupId: 'usb' });
  bench.media.plug({ deviceId: 'usb-ear', kind: 'audiooutput', label: 'USB', groupId: 'usb' });
  device = await bench.registered({ allowIncomingWhileBusy: true });
});

afterEach(() => {
  bench.stop();
});

const inUse = () => bench.media.liveTracks.map(({ source }) => source.deviceId);

async function talkTwice(): Promise<readonly [Call, Call]> {
  const first = await bench.talk(device);
  return [first.call, (await bench.talk(device)).call];
}

describe('a preferred microphone', () => {
  it('holds for a call that begins while a live one is still changing over', async () => {
    await bench.talk(device);
    bench.media.autoGrant = false;
    const preferring = device.setInputDevice('usb-mic');
    const connecting = device.connect({ to: '100' });
    await settle();
    expect(bench.media.prompts).toHaveLength(1);
    bench.media.prompts[0]?.grant();
    await Promise.all([preferring, connecting]);
    expect(inUse()).toEqual(['usb-mic', 'usb-mic']);
  });

  it('that one call cannot take is preferred no more, and the call that took it goes back', async () => {
    await talkTwice();
    const third = await bench.talk(device);
    const failing = bench.webRtc.connection.getSenders()[0];
    if (!failing) throw new Error('no sender');
    failing.replaceTrack = () => Promise.reject(new DOMException('no', 'InvalidModificationError'));
    await expect(device.setInputDevice('usb-mic')).rejects.toThrow();
    await settle();
    expect(inUse()).toEqual(['desk-mic', 'desk-mic', 'desk-mic']);
    await third.call.disconnect();
    await bench.talk(device);
    expect(inUse()).toEqual(['desk-mic', 'desk-mic', 'desk-mic']);
  });

  it('that is refused leaves the one before in force', async () => {
    await bench.talk(device);
    await device.setInputDevice('headset-mic');
    bench.media.refuseNext('NotReadableError');
    expect(await codeOf(device.setInputDevice('usb-mic'))).toBe('MICROPHONE_BUSY');
    await bench.talk(device);
    expect(inUse()).toEqual(['headset-mic', 'headset-mic']);
  });

  it('that is refused after another was preferred changes nothing any more', async () => {
    await bench.talk(device);
    bench.media.refuseNext('NotReadableError');
    const refused = codeOf(device.setInputDevice('usb-mic'));
    await device.setInputDevice('headset-mic');
    expect(await refused).toBe('MICROPHONE_BUSY');
    await bench.talk(device);
    expect(inUse()).toEqual(['headset-mic', 'headset-mic']);
  });

  it('does not fail because a call ended meanwhile', async () => {
    const { call } = await bench.talk(device);
    bench.media.autoGrant = false;
    const preferring = device.setInputDevice('usb-mic');
    await settle();
    await call.disconnect();
    await preferring;
    bench.media.prompts[0]?.grant();
    bench.media.autoGrant = true;
    await settle();
    await bench.talk(device);
    expect(inUse()).toEqual(['usb-mic']);
  });
});

describe('a preferred speaker', () => {
  it('that one call cannot take is preferred no more, and the others go back', async () => {
    await device.setOutputDevice('headset-ear');
    await talkTwice();
    const element = bench.media.outputElement;
    const setSinkId = element.setSinkId.bind(element);
    element.setSinkId = (id: string) =>
      id === 'usb-ear' ? Promise.reject(new DOMException('no', 'AbortError')) : setSinkId(id);
    expect(await codeOf(device.setOutputDevice('usb-ear'))).toBe('OUTPUT_DEVICE_FAILED');
    await bench.talk(device);
    const sinks = bench.media.elements.map((each) => (each as unknown as HTMLAudioElement).sinkId);
    expect(sinks).toEqual(['headset-ear', 'headset-ear', 'headset-ear']);
  });
});

it('new Device() opens nothing, whatever its options', async () => {
  const before = bench.media.elements.length;
  const unused = new Device({
    token: tokenFor(),
    logLevel: 'silent',
    ringtoneUrl: 'ring.mp3',
    media: { inputDeviceId: 'headset-mic', outputDeviceId: 'headset-ear' },
  });
  bench.devices.push(unused);
  await settle();
  expect(bench.media.elements).toHaveLength(before);
  expect(bench.media.requests).toEqual([]);
});

it('the ringtone rings where the Device was told to begin', async () => {
  const ringing = await bench.registered({
    ringtoneUrl: 'ring.mp3',
    media: { outputDeviceId: 'headset-ear' },
  });
  device.destroy();
  await bench.ring(ringing);
  await settle();
  const ringtone = bench.media.elements.find(({ src }) => src === 'ring.mp3');
  expect(ringtone).toMatchObject({ sinkId: 'headset-ear', isAudible: true });
});

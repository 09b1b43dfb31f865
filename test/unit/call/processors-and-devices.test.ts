import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveDeviceAudio } from '../../../src/device/live-device-audio';
import type { Device, ProcessorFailure } from '../../../src/index';
import { AgentBench, type BenchOptions } from '../../support/agent';
import { asTrack, FakeProcessor } from '../../support/fake-processor';
import type { ConstraintsBehaviour, FakeMediaStreamTrack } from '../../support/fake-tracks';
import { FakeWorklets } from '../../support/fake-worklets';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { advance, errorsOf, expectNothingHeld, fakeClock } from './bench';

const DESK_MIC = {
  deviceId: 'desk-mic',
  kind: 'audioinput',
  label: 'Desk microphone',
  groupId: 'desk',
} as const;

let bench: AgentBench;
let device: Device;
let gain: FakeProcessor;
let failures: ProcessorFailure[];

async function begin(options: BenchOptions = {}): Promise<void> {
  bench = new AgentBench(options);
  bench.media.permit();
  device = await bench.registered({ allowIncomingWhileBusy: true });
  gain = new FakeProcessor('gain');
  failures = [];
  device.audio.on('processorFailed', (failure) => failures.push(failure));
  if (device.audio instanceof LiveDeviceAudio) await device.audio.watch();
  // Loaded before the clock may stand still.
  await import('../../../src/media/processors/process-track');
}

beforeEach(() => begin());

afterEach(() => {
  bench.stop();
  expect(gain.held).toEqual([]);
  vi.useRealTimers();
});

const sender = () => {
  const [first] = bench.webRtc.connection.getSenders();
  if (!first) throw new Error('no sender');
  return first;
};
const sending = () => sender().track as unknown as FakeMediaStreamTrack | null;
const live = () => bench.media.liveTracks;
const captured = () => live().map(({ source }) => source.deviceId);

async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    expect(condition()).toBe(true);
  });
}

describe('a microphone that is lost while it is processed', () => {
  it('gives way to another one, which is processed before it is heard, muted as the call is', async () => {
    device.audio.addProcessor(gain);
    const { call, events } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    call.mute(true);
    const former = gain.output;
    bench.media.unplug('headset-mic');
    await until(() => gain.output !== former && sending() === gain.output);
    expect(captured()).toEqual(['desk-mic']);
    expect(gain.made.at(-1)?.input).toBe(live()[0]);
    expect([gain.output, ...live()].map(({ enabled }) => enabled)).toEqual([false, false]);
    expect(gain.released).toContain(asTrack(former));
    expect(events.of('deviceLost')).toHaveLength(1);
    expect(failures).toEqual([]);
    call.mute(false);
    expect([gain.output, ...live()].map(({ enabled }) => enabled)).toEqual([true, true]);
  });

  it('gives way to another one unprocessed where the processor hangs on that one', async () => {
    device.audio.addProcessor(gain);
    const { call, events } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    gain.hangs = true;
    fakeClock();
    bench.media.unplug('headset-mic');
    while (gain.waiting.length === 0) await settle();
    await advance(2_100);
    expect(sending()).toBe(live()[0]);
    expect(captured()).toEqual(['desk-mic']);
    expect(failures).toMatchObject([{ name: 'gain', error: { code: 'PROCESSOR_FAILED' } }]);
    expect(events.of('deviceLost')).toHaveLength(1);
    expect(call.getStatus()).toBe('accepted');
    // What comes too late is nobody's.
    gain.waiting[0]?.();
    await settle();
    expect(gain.held).toEqual([]);
    expect(sending()).toBe(live()[0]);
  });

  it('while the processor is still being asked is no failure of the processor', async () => {
    const { call } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    gain.hangs = true;
    device.audio.addProcessor(gain);
    await until(() => gain.waiting.length === 1);
    gain.hangs = false;
    bench.media.unplug('headset-mic');
    gain.waiting[0]?.();
    await until(() => captured()[0] === 'desk-mic' && sending() === gain.output);
    expect(gain.held).toEqual([gain.output]);
    expect(failures).toEqual([]);
  });

  it('and that was the only one is processed again when one is plugged in', async () => {
    device.audio.addProcessor(gain);
    const { events } = await bench.talk(device);
    bench.media.unplug('headset-mic');
    const former = gain.output;
    bench.media.unplug('desk-mic');
    await events.next('error');
    expect(live()).toEqual([]);
    bench.media.plug(DESK_MIC);
    await until(() => live().length === 1 && sending() === gain.output && gain.output !== former);
    expect(gain.made.at(-1)?.input).toBe(live()[0]);
    expect(gain.held).toEqual([gain.output]);
    expect(failures).toEqual([]);
  });
});

describe('what the browser does to the voice, changed in a call with a processor', () => {
  const settings = () => live()[0]?.getSettings();

  it('is changed on the microphone, and what is sent stays', async () => {
    device.audio.addProcessor(gain);
    await bench.talk(device);
    await device.audio.setInputProcessing({ echoCancellation: false });
    expect(settings()).toMatchObject({ echoCancellation: false, noiseSuppression: true });
    expect(gain.made).toHaveLength(1);
    expect(sending()).toBe(gain.output);
  });

  it.each<ConstraintsBehaviour>(['ignores', 'refuses'])(
    'takes a new capture through the processor where the browser %s it, muted as it was',
    async (applyConstraints) => {
      bench.stop();
      await begin({ media: { applyConstraints } });
      device.audio.addProcessor(gain);
      const { call } = await bench.talk(device);
      const former = gain.output;
      call.mute(true);
      await device.audio.setInputProcessing({ noiseSuppression: false });
      expect(settings()).toMatchObject({ echoCancellation: true, noiseSuppression: false });
      expect(gain.made.map(({ input }) => input.readyState)).toEqual(['ended', 'live']);
      expect(sending()).toBe(gain.output);
      expect(gain.output).not.toBe(former);
      expect([gain.output, ...live()].map(({ enabled }) => enabled)).toEqual([false, false]);
      expect(gain.held).toEqual([gain.output]);
    },
  );

  it('leaves all as it was where no capture can be had', async () => {
    bench.stop();
    await begin({ media: { applyConstraints: 'ignores' } });
    device.audio.addProcessor(gain);
    await bench.talk(device);
    bench.media.refuseNext('NotReadableError');
    const code = await codeOf(device.audio.setInputProcessing({ noiseSuppression: false }));
    expect(code).toBe('MICROPHONE_BUSY');
    expect(sending()).toBe(gain.output);
    expect(gain.output.readyState).toBe('live');
    expect(gain.made).toHaveLength(1);
  });
});

describe('a processor that', () => {
  it('removes itself while it is asked is not used', async () => {
    const process = gain.process.bind(gain);
    gain.process = (track) => {
      device.audio.removeProcessor(gain);
      return process(track);
    };
    device.audio.addProcessor(gain);
    await bench.talk(device);
    await until(() => sending() === live()[0]);
    expect(gain.held).toEqual([]);
    expect(failures).toEqual([]);
  });

  it('gives up and removes itself leaves the raw sound, and is told once', async () => {
    device.audio.addProcessor(gain);
    const { call } = await bench.talk(device);
    gain.output.end();
    device.audio.removeProcessor(gain);
    await until(() => sending() === live()[0]);
    expect(failures).toHaveLength(1);
    expect(gain.released).toEqual([gain.output]);
    expect(call.getStatus()).toBe('accepted');
  });

  it('ends the call while it is asked gets its track back', async () => {
    const { call } = await bench.talk(device);
    const process = gain.process.bind(gain);
    gain.process = async (track) => {
      await call.disconnect();
      return process(track);
    };
    device.audio.addProcessor(gain);
    await until(() => gain.released.length === 1);
    expect(gain.output.readyState).toBe('ended');
    expect(failures).toEqual([]);
    expectNothingHeld(bench);
  });

  it('destroys the Device while it is asked gets its track back', async () => {
    const process = gain.process.bind(gain);
    gain.process = (track) => {
      device.destroy();
      return process(track);
    };
    device.audio.addProcessor(gain);
    expect(await codeOf(device.connect({ to: '+493012345678' }))).toBe('DESTROYED');
    await until(() => gain.released.length === 1);
    expect(failures).toEqual([]);
    expectNothingHeld(bench);
  });

  it('hangs keeps nobody from muting, hanging up, or another processor', async () => {
    const { call, events } = await bench.talk(device);
    gain.hangs = true;
    const other = new FakeProcessor('other');
    fakeClock();
    device.audio.addProcessor(gain);
    device.audio.addProcessor(other);
    while (gain.waiting.length === 0) await settle();
    call.mute(true);
    expect(sending()).toMatchObject({ enabled: false, readyState: 'live' });
    await advance(2_100);
    expect(sending()).toBe(other.output);
    expect(other.output.enabled).toBe(false);
    expect(errorsOf(events)).toEqual([]);
    await call.disconnect();
    gain.waiting[0]?.();
    await settle();
    expect(other.held).toEqual([]);
  });
});

describe('a processor is added', () => {
  it('twice in a live call, and is asked once', async () => {
    await bench.talk(device);
    device.audio.addProcessor(gain);
    device.audio.addProcessor(gain);
    await until(() => sending() === gain.output);
    device.audio.addProcessor(gain);
    await settle();
    expect(gain.made).toHaveLength(1);
  });

  it('while the browser asks for the microphone, and is heard from the first packet on', async () => {
    bench.media.autoGrant = false;
    const dialing = bench.dial(device);
    await until(() => bench.media.prompts.length === 1);
    device.audio.addProcessor(gain);
    expect(gain.made).toEqual([]);
    bench.media.prompts[0]?.grant();
    await dialing;
    expect(sending()).toBe(gain.output);
  });

  it('after the call has ended, and is asked for the next one only', async () => {
    const { call } = await bench.talk(device);
    await call.disconnect();
    device.audio.addProcessor(gain);
    await settle();
    expect(gain.made).toEqual([]);
    await bench.talk(device);
    expect(gain.made).toHaveLength(1);
  });

  it('between two microphones at once: the last one is processed', async () => {
    const { call } = await bench.talk(device);
    const changes = [call.setInputDevice('headset-mic'), call.setInputDevice('desk-mic')];
    device.audio.addProcessor(gain);
    await Promise.all(changes);
    await until(() => sending() === gain.output);
    expect(captured()).toEqual(['desk-mic']);
    expect(gain.held).toEqual([gain.output]);
    expect(gain.made.at(-1)?.input).toBe(live()[0]);
  });
});

describe('the level of the microphone, while a processor is at work', () => {
  let worklets: FakeWorklets;

  beforeEach(() => {
    worklets = FakeWorklets.install();
  });
  afterEach(() => {
    for (const one of bench.devices) one.destroy();
    expect(worklets.running).toEqual([]);
    vi.unstubAllGlobals();
  });

  const measured = () => worklets.running.flatMap(({ tracks }) => tracks);

  it('is that of what the far end hears, whatever becomes of either', async () => {
    const { call } = await bench.talk(device);
    call.on('inputLevel', () => undefined);
    await until(() => measured()[0] === asTrack(live()[0] as never));
    device.audio.addProcessor(gain);
    await until(() => measured()[0] === asTrack(gain.output));
    await call.setInputDevice('headset-mic');
    expect(measured()).toEqual([gain.output]);
    expect(gain.made).toHaveLength(2);
    gain.output.end();
    await until(() => measured()[0] === asTrack(live()[0] as never));
    expect(captured()).toEqual(['headset-mic']);
    expect(measured()).toHaveLength(1);
  });

  it('while muted, is that of a copy of the microphone itself', async () => {
    device.audio.addProcessor(gain);
    const { call } = await bench.talk(device);
    call.on('speakingWhileMuted', () => undefined);
    call.mute(true);
    await until(() => measured().length === 1);
    const [microphone, copy] = live();
    expect(measured()).toEqual([copy]);
    expect(gain.made.map(({ input }) => input)).toEqual([microphone]);
    expect([gain.output, microphone, copy].map((track) => track?.enabled)).toEqual([false, false, true]);
    call.mute(false);
    expect(live()).toEqual([microphone]);
  });
});

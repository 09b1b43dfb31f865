import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Device, ProcessorFailure } from '../../../src/index';
import { AgentBench } from '../../support/agent';
import { asTrack, FakeProcessor } from '../../support/fake-processor';
import { settle } from '../../support/wire/next-task';
import { advance, fakeClock } from './bench';

let bench: AgentBench;
let device: Device;
let arrive: () => void;
let fail: (error: Error) => void;
const failures: ProcessorFailure[] = [];

beforeEach(async () => {
  const file = new Promise<void>((resolve, reject) => {
    arrive = resolve;
    fail = reject;
  });
  file.catch(() => undefined);
  // The network between the page and the file that processes tracks.
  vi.doMock('../../../src/media/processors/process-track', async (importOriginal) => {
    await file;
    return importOriginal();
  });
  bench = new AgentBench();
  device = await bench.registered();
  failures.length = 0;
  device.audio.on('processorFailed', (failure) => failures.push(failure));
});
afterEach(async () => {
  bench.stop();
  vi.useRealTimers();
  // What is on its way must not arrive as the file of the next test.
  arrive();
  await vi.dynamicImportSettled();
  vi.doUnmock('../../../src/media/processors/process-track');
  vi.resetModules();
});

const sending = () => bench.webRtc.connection.getSenders()[0]?.track as unknown as MediaStreamTrack;
const microphone = () => bench.media.liveTracks[0] as unknown as MediaStreamTrack;

it('a call whose processors cannot be loaded goes on with its sound as it is', async () => {
  const gain = new FakeProcessor('gain');
  device.audio.addProcessor(gain);
  fail(new TypeError('Failed to fetch dynamically imported module'));
  const { call } = await bench.talk(device);
  expect(sending()).toBe(microphone());
  expect(failures).toMatchObject([{ name: 'gain', direction: 'input', error: { code: 'PROCESSOR_FAILED' } }]);
  call.mute(true);
  expect(sending().enabled).toBe(false);
  expect(gain.made).toEqual([]);
});

it('a call waits no longer than 2 s for them, and takes them when they come', async () => {
  fakeClock();
  const gain = new FakeProcessor('gain');
  device.audio.addProcessor(gain);
  const dialing = bench.talk(device);
  while (bench.media.liveTracks.length === 0) await settle();
  await advance(2_100);
  await dialing;
  expect(sending()).toBe(microphone());
  expect(failures).toHaveLength(1);
  vi.useRealTimers();
  arrive();
  device.audio.addProcessor(new FakeProcessor('other'));
  await vi.waitFor(() => {
    expect(gain.made).toHaveLength(1);
    expect(sending()).not.toBe(microphone());
  });
  expect(sending()).not.toBe(asTrack(gain.output));
});

it('a call that ends while they are on their way leaves nothing behind', async () => {
  const gain = new FakeProcessor('gain');
  const { call } = await bench.talk(device);
  device.audio.addProcessor(gain);
  await call.disconnect();
  arrive();
  await settle(10);
  expect(gain.made).toEqual([]);
  expect(bench.media.liveTracks).toEqual([]);
  expect(failures).toEqual([]);
});

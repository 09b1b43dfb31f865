import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../../src/index';
import { FakeProcessor } from '../../support/fake-processor';
import { FakeWorklets } from '../../support/fake-worklets';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import { FakeStatistics, type Second } from '../quality/reports';
import { advance, agree, errorsOf, fakeClock, useBench } from './bench';

const context = useBench();
let worklets: FakeWorklets;

beforeAll(async () => {
  // Under a fake clock it would not be loaded in time.
  await import('../../../src/media/processors/process-track');
});

beforeEach(() => {
  worklets = FakeWorklets.install();
});
afterEach(() => {
  for (const device of context.bench.devices) device.destroy();
  expect(worklets.open).toEqual([]);
  expect(worklets.running).toEqual([]);
  vi.unstubAllGlobals();
});

const sending = () => context.bench.webRtc.connection.getSenders()[0]?.track;
const measured = () => worklets.running.flatMap(({ tracks }) => tracks);
const ignore = () => undefined;

function listen(call: Call): string[] {
  const said: string[] = [];
  call.on('warning', ({ name }) => said.push(name));
  call.on('warningCleared', ({ name }) => said.push(`${name} over`));
  return said;
}

async function talk(second: Second, begin: (call: Call) => string[] = listen) {
  fakeClock();
  const { bench, device } = context;
  const { call, invite, events } = await bench.dial(device);
  const said = begin(call);
  const fake = new FakeStatistics();
  vi.spyOn(bench.webRtc.connection, 'getStats').mockImplementation(() => {
    fake.pass(second);
    return Promise.resolve(fake.report);
  });
  await vi.dynamicImportSettled();
  const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
  await dialog.expect('ACK');
  await events.next('accepted');
  await settle();
  return { call, dialog, events, said };
}

/** Seconds pass in which the microphone is this loud. */
async function pass(seconds: number, meanSquare: number, track: () => unknown = sending): Promise<void> {
  for (let tenth = 0; tenth < 10 * seconds; tenth += 1) {
    worklets.measured(track(), meanSquare);
    await advance(100);
    if (tenth % 10 === 0) await vi.dynamicImportSettled();
  }
}

const FIREFOX: Second = { hasInputPower: false };

describe('a microphone that is silent, where the statistics do not say so', () => {
  it('is a warning within 9 s, and none any more when it is heard', async () => {
    const { said, events } = await talk(FIREFOX);
    await pass(9, 0);
    expect(measured()).toEqual([sending()]);
    expect(said).toEqual(['inputSilent']);
    await pass(3, 0.001);
    expect(said).toEqual(['inputSilent', 'inputSilent over']);
    expect(errorsOf(events)).toEqual([]);
  });

  it('is none where it is heard now and then', async () => {
    const { said } = await talk(FIREFOX);
    for (let round = 0; round < 10; round += 1) {
      await pass(1.5, 0);
      await pass(0.5, 0.001);
    }
    expect(said).toEqual([]);
  });

  it('is none while the call is muted or held', async () => {
    const { call, dialog, said } = await talk(FIREFOX);
    call.mute(true);
    await pass(10, 0);
    call.mute(false);
    const held = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'), { direction: 'recvonly' });
    await held;
    await pass(10, 0);
    expect(said).toEqual([]);
  });

  it('is looked for in the microphone of the moment', async () => {
    const { call, said } = await talk(FIREFOX);
    await pass(5, 0.001);
    const first = sending();
    await call.setInputDevice('headset-mic');
    await pass(6, 0);
    expect(sending()).not.toBe(first);
    expect(measured()).toEqual([sending()]);
    expect(said).toEqual(['inputSilent']);
  });
});

describe('a microphone behind a processor that makes silence of a quiet room', () => {
  const QUIET_ROOM = 1e-7;
  const raw = () => context.bench.media.liveTracks[0];

  it.each<[browser: string, second: Second]>([
    ['Chromium', { inputPower: 0 }],
    ['Firefox', FIREFOX],
  ])('is no warning until it is silent itself: %s', async (_, second) => {
    context.device.audio.addProcessor(new FakeProcessor('noise suppression'));
    const { said } = await talk(second);
    await pass(12, QUIET_ROOM, raw);
    expect(sending()).not.toBe(raw());
    expect(measured()).toEqual([raw()]);
    expect(said).toEqual([]);
    await pass(5, 0, raw);
    expect(said).toEqual(['inputSilent']);
  });

  it('is judged by the statistics again when the processor is gone', async () => {
    const processor = new FakeProcessor('noise suppression');
    context.device.audio.addProcessor(processor);
    const { said } = await talk({ inputPower: 0 });
    await pass(6, QUIET_ROOM, raw);
    context.device.audio.removeProcessor(processor);
    await pass(6, QUIET_ROOM, raw);
    expect(said).toEqual(['inputSilent']);
    expect(worklets.open).toEqual([]);
  });

  it('is no warning where the policy of the page refuses the worklet', async () => {
    worklets.refusesModules = true;
    context.device.audio.addProcessor(new FakeProcessor('noise suppression'));
    const { said, events } = await talk({ inputPower: 0 });
    await pass(10, QUIET_ROOM, raw);
    expect([said, errorsOf(events), worklets.contexts.length]).toEqual([[], [], 1]);
  });
});

describe('nothing is measured', () => {
  it('where the statistics have the level', async () => {
    const { said } = await talk({ inputPower: 0 });
    await pass(10, 0);
    expect(said).toEqual(['inputSilent']);
    expect(worklets.contexts).toEqual([]);
  });

  it('for nobody: it begins with a listener for warnings, and ends with the last', async () => {
    const { call } = await talk(FIREFOX, () => []);
    await pass(6, 0);
    expect(worklets.contexts).toEqual([]);
    call.on('warning', ignore);
    await pass(3, 0);
    expect(measured()).toEqual([sending()]);
    call.off('warning', ignore);
    await pass(2, 0);
    expect(worklets.open).toEqual([]);
  });

  it('after the end', async () => {
    const { call } = await talk(FIREFOX);
    await pass(5, 0);
    expect(worklets.open).toHaveLength(1);
    await call.disconnect();
    expect(worklets.open).toEqual([]);
  });

  it('where a policy refuses the worklet, which is no error of the call and is tried once', async () => {
    worklets.refusesModules = true;
    const { said, events } = await talk(FIREFOX);
    await pass(12, 0);
    expect([said, errorsOf(events)]).toEqual([[], []]);
    expect(worklets.contexts).toHaveLength(1);
  });

  it('before a gesture, which is no silence', async () => {
    worklets.mayPlay = false;
    const { said } = await talk(FIREFOX);
    await advance(12_000);
    expect(said).toEqual([]);
  });
});

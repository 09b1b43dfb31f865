import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeWorklets } from '../../support/fake-worklets';
import { useBench } from './bench';

const context = useBench();
let worklets: FakeWorklets;
let isOffline: boolean;

beforeEach(() => {
  isOffline = true;
  vi.doMock('../../../src/call/call-meters', async (importOriginal) => {
    if (isOffline) throw new Error('offline');
    return importOriginal();
  });
  worklets = FakeWorklets.install();
});

afterEach(() => {
  for (const device of context.bench.devices) device.destroy();
  vi.doUnmock('../../../src/call/call-meters');
  vi.unstubAllGlobals();
});

it('what measures levels could not be loaded: said once for each try, which the next listener is', async () => {
  const { call, events } = await context.bench.talk(context.device);
  const ignore = () => undefined;
  call.on('inputLevel', ignore);
  expect(await events.next('error')).toMatchObject([{ code: 'UNSUPPORTED' }]);
  // What happens to the call is no reason to try again.
  call.mute(true);
  call.mute(false);
  await vi.dynamicImportSettled();
  expect(events.of('error')).toHaveLength(1);
  isOffline = false;
  call.on('outputLevel', ignore);
  await vi.waitFor(
    () => {
      expect(worklets.running).toHaveLength(2);
    },
    { timeout: 10_000 },
  );
  expect(events.of('error')).toHaveLength(1);
});

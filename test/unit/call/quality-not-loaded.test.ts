import { expect, it, vi } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { endOf, useBench } from './bench';

vi.mock('../../../src/quality/monitor', () => {
  throw new Error('Refused by the policy of the page.');
});

const context = useBench();

it('a call goes on where the part that measures it cannot be loaded', async () => {
  const { call, dialog, events } = await context.bench.talk(context.device);
  await vi.dynamicImportSettled();
  await settle();
  expect(call.getStatus()).toBe('accepted');
  expect(call.getReport()).toMatchObject({
    status: 'accepted',
    quality: null,
    lastSamples: [],
    warnings: [],
  });
  dialog.request('BYE');
  await settle();
  expect(endOf(events)).not.toHaveProperty('quality');
  expect(events.names).toEqual(['accepted', 'disconnect']);
});

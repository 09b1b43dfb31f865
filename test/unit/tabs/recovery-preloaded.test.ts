import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pass, SECOND } from '../registration/harness';
import { openTab, registeredTab, useTabs } from './harness';

useTabs();

/** How often the file with the recovery of calls was asked for; there is none here. */
let loads: number;

beforeEach(() => {
  loads = 0;
  vi.doMock('../../../src/device/recovery', () => {
    loads += 1;
    throw new TypeError('Failed to fetch dynamically imported module');
  });
});
afterEach(() => {
  vi.doUnmock('../../../src/device/recovery');
});

/** Lets modules load, for which no fake clock counts. */
async function settleLoading(): Promise<void> {
  await vi.dynamicImportSettled();
  await pass(0);
}

it('is loaded by a tab that follows, soon after it has joined, and what fails there disturbs nobody', async () => {
  await registeredTab('leader');
  const follower = await registeredTab('follower', { recoverCalls: true });
  await pass(SECOND);
  await settleLoading();
  expect(loads).toBe(0);
  await pass(2 * SECOND);
  await settleLoading();
  expect(loads).toBe(1);
  // Each sign of life of the leader is another view.
  await pass(30 * SECOND);
  await settleLoading();
  expect(loads).toBe(1);
  expect(follower.events.names).not.toContain('error');
});

it('is not loaded without recoverCalls, nor before there is anything to follow', async () => {
  await registeredTab('leader');
  await registeredTab('follower');
  openTab('idle', { recoverCalls: true });
  await pass(30 * SECOND);
  await settleLoading();
  expect(loads).toBe(0);
});

it('is not loaded by a Device that was destroyed meanwhile', async () => {
  await registeredTab('leader');
  const follower = await registeredTab('follower', { recoverCalls: true });
  follower.device.destroy();
  await pass(30 * SECOND);
  await settleLoading();
  expect(loads).toBe(0);
});

it('is asked for once more before registering, and without it calls are just not kept', async () => {
  const { device, events } = await registeredTab('alone', { recoverCalls: true, multiTab: false });
  expect([loads, device.isRegistered()]).toEqual([2, true]);
  expect(events.names).not.toContain('error');
});

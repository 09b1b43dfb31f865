import { afterEach, beforeEach, expect } from 'vitest';
import type { Call, Device, DeviceOptions } from '../../../src/index';
import { FakeTabs } from '../../support/fake-tabs';
import { recordEvents, type Recorder } from '../../support/recorder';
import { bench, useAgentBench } from '../registration/harness';

/** The tabs of the current test. */
export let tabs: FakeTabs;

/** A bench, whose Devices are tabs of one origin. Channels and locks that are left over fail the test. */
export function useTabs(): void {
  let undo: () => void;
  // Hooks run in reverse order afterwards: the bench destroys the Devices first.
  afterEach(() => {
    const { left } = tabs;
    undo();
    expect(left).toBe(0);
  });
  useAgentBench();
  beforeEach(() => {
    tabs = new FakeTabs();
    undo = tabs.install();
  });
}

export interface Tab {
  readonly name: string;
  readonly device: Device;
  readonly events: Recorder;
}

/** A tab whose Device exists but has not registered. */
export function openTab(name: string, options: Partial<DeviceOptions> = {}): Tab {
  const device = tabs.in(name, () => bench.device({ multiTab: true, ...options }));
  return { name, device, events: recordEvents(device) };
}

export function register({ name, device }: Tab): Promise<void> {
  return tabs.in(name, () => device.register());
}

export async function registeredTab(name: string, options: Partial<DeviceOptions> = {}): Promise<Tab> {
  const tab = openTab(name, options);
  await register(tab);
  return tab;
}

/** A leader and a follower, both registered. */
export async function leaderAndFollower(): Promise<{ leader: Tab; follower: Tab }> {
  const leader = await registeredTab('leader');
  const follower = await registeredTab('follower');
  return { leader, follower };
}

/** The next Call that a tab announces. */
export async function nextCall(tab: Tab, event: 'incoming' | 'callShared' = 'incoming'): Promise<Call> {
  const [call] = (await tab.events.next(event)) as [Call];
  return call;
}

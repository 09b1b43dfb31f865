import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call, DeviceOptions, DisconnectInfo, LostCall, SipCredentials } from '../../../src/index';
import { codeOf, recordEvents } from '../../support/recorder';
import type { WireDialog } from '../../support/wire/wire-dialog';
import { sdpAnswer } from '../../support/wire/sdp';
import {
  journaled,
  settleStorage,
  reinvite,
  takeUp,
  withStorage,
  writeJournal,
} from '../device/recovery-harness';
import { bench, MINUTE, pass, SECOND } from '../registration/harness';
import { nextCall, openTab, type Tab, tabs, useTabs } from './harness';

const real = globalThis.setImmediate;
useTabs();

beforeEach(() => {
  globalThis.setImmediate = real;
  const stored = new Map<string, string>();
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
  });
});

async function joined(name: string, options: Partial<DeviceOptions> = {}): Promise<Tab> {
  const tab = openTab(name, { recoverCalls: true, ...options });
  await withStorage(tabs.in(name, () => tab.device.register()));
  return tab;
}

/** A call in a tab that leads. */
async function talk(leader: Tab): Promise<{ dialog: WireDialog; call: Call }> {
  const { call, invite } = await bench.dial(leader.device);
  const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
  await dialog.expect('ACK');
  await settleStorage();
  return { dialog, call };
}

function instanceIds(): (string | undefined)[] {
  return bench.server
    .requests('REGISTER')
    .map((request) => /\+sip\.instance="([^"]+)"/.exec(request.header('contact') ?? '')?.[1]);
}

/** A call of the first of three tabs, as the two others show it. */
async function threeTabs(): Promise<{
  leader: Tab;
  next: Tab;
  third: Tab;
  dialog: WireDialog;
  shown: [Call, Call];
}> {
  const leader = await joined('leader');
  const next = await joined('next');
  const third = await joined('third');
  const { dialog } = await talk(leader);
  const shown = await Promise.all([nextCall(next, 'callShared'), nextCall(third, 'callShared')]);
  return { leader, next, third, dialog, shown };
}

describe('a tab that crashes in a call', () => {
  it('leaves it to the next one, and the same Call goes on in all the others', async () => {
    const { next, third, dialog, shown } = await threeTabs();
    const events = shown.map(recordEvents);
    tabs.kill('leader');
    await takeUp(dialog);
    await pass(SECOND);
    for (const [at, call] of shown.entries()) {
      expect(events[at]?.names).toEqual(['reconnecting', 'reconnected']);
      expect(events[at]?.of('reconnecting')).toEqual([[{ cause: 'signaling' }]]);
      expect(call.getStatus()).toBe('accepted');
    }
    expect(next.device.isLeader()).toBe(true);
    for (const { events: device } of [next, third]) {
      expect(device.of('recovered')).toEqual([]);
      expect(device.of('callShared')).toHaveLength(1);
      expect(device.of('callLost')).toEqual([]);
    }
    // Carried here now: what only that tab can give.
    expect(shown[0].session.connection).toBeTruthy();
    shown[0].setFeedback({ score: 4 });
    expect(shown[0].getReport()).toMatchObject({ status: 'accepted', feedback: { score: 4 } });
    expect(() => shown[1].getReport()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    shown[1].mute(true);
    await pass(0);
    expect(shown.map((call) => call.isMuted())).toEqual([true, true]);
    shown[0].mute(false);
    await pass(0);
    expect(shown.map((call) => call.isMuted())).toEqual([false, false]);
    await shown[1].disconnect();
    await dialog.expect('BYE');
    await pass(0);
    for (const seen of events) {
      const [info] = seen.of('disconnect')[0] as [DisconnectInfo];
      expect(info).toMatchObject({ reason: 'hangup', initiator: 'local' });
      expect(seen.of('disconnect')).toHaveLength(1);
    }
    expect(shown[0].getReport()).toMatchObject({ status: 'disconnected', feedback: { score: 4 } });
  });

  it('leaves it muted, when that was asked for meanwhile', async () => {
    const { dialog, shown } = await threeTabs();
    tabs.kill('leader');
    const request = await reinvite(dialog);
    shown[1].mute(true);
    expect(await codeOf(shown[1].hold(true))).toBe('TAB_LOST');
    expect(await codeOf(shown[0].sendDigits('1'))).toBe('TAB_LOST');
    expect(() => shown[0].session).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    request.reply(200, { body: sdpAnswer(request.body) });
    await withStorage(dialog.expect('ACK'));
    await settleStorage();
    await pass(SECOND);
    expect(shown.map((call) => call.isMuted())).toEqual([true, true]);
  });

  it('hung up meanwhile: it ends as soon as it is back', async () => {
    const { dialog, shown } = await threeTabs();
    const events = shown.map(recordEvents);
    tabs.kill('leader');
    const request = await reinvite(dialog);
    await shown[1].disconnect();
    expect(shown[1].getStatus()).toBe('accepted');
    request.reply(200, { body: sdpAnswer(request.body) });
    await withStorage(dialog.expect('ACK'));
    await dialog.expect('BYE');
    await pass(SECOND);
    expect(events.map((seen) => seen.of('disconnect').length)).toEqual([1, 1]);
  });

  it('whose far end has hung up: it ends in all of them', async () => {
    const { next, dialog, shown } = await threeTabs();
    const events = shown.map(recordEvents);
    tabs.kill('leader');
    const request = await reinvite(dialog);
    request.reply(481);
    await settleStorage();
    await pass(SECOND);
    for (const seen of events) {
      expect(seen.names).toEqual(['reconnecting', 'error', 'disconnect']);
      const [info] = seen.of('disconnect')[0] as [DisconnectInfo];
      expect(info.reason).toBe('network');
    }
    expect((next.events.of('callLost') as [LostCall][])[0]?.[0].reason).toBe('ended');
  });

  it('and the server with it: nobody waits for longer than a minute', async () => {
    const { shown } = await threeTabs();
    const events = shown.map(recordEvents);
    bench.server.connection = 'refuse';
    tabs.kill('leader');
    await pass(30 * SECOND);
    expect(shown.map((call) => call.getStatus())).toEqual(['accepted', 'accepted']);
    await pass(31 * SECOND);
    expect(shown.map((call) => call.getStatus())).toEqual(['disconnected', 'disconnected']);
    expect(events.map((seen) => seen.of('disconnect').length)).toEqual([1, 1]);
    bench.server.connection = 'accept';
    await pass(MINUTE);
  });

  it('and the next one too, which had taken it up: the third goes on with the same Call', async () => {
    const { third, dialog, shown } = await threeTabs();
    const events = recordEvents(shown[1]);
    tabs.kill('leader');
    await takeUp(dialog);
    await pass(SECOND);
    tabs.kill('next');
    await takeUp(dialog);
    await pass(SECOND);
    expect(third.device.isLeader()).toBe(true);
    expect(events.names).toEqual(['reconnecting', 'reconnected', 'reconnecting', 'reconnected']);
    expect(shown[1].getStatus()).toBe('accepted');
  });

  it('a Device that is destroyed while its call waits leaves nothing', async () => {
    const { third, shown } = await threeTabs();
    bench.server.connection = 'refuse';
    tabs.kill('leader');
    await pass(SECOND);
    await shown[1].disconnect();
    third.device.destroy();
    await pass(SECOND);
    bench.server.connection = 'accept';
  });

  it('without recoverCalls in the others: the call is over there at once', async () => {
    const leader = await joined('leader', { recoverCalls: false });
    const other = await joined('other', { recoverCalls: false });
    await talk(leader);
    const events = recordEvents(await nextCall(other, 'callShared'));
    tabs.kill('leader');
    await pass(SECOND);
    expect(events.names).toEqual(['error', 'disconnect']);
  });

  it('whose next one is refused by its backend: another takes the call up', async () => {
    let isRefused = false;
    const fetchCredentials = (): Promise<SipCredentials> =>
      Promise.resolve(isRefused ? { ...bench.credentials, password: 'wrong' } : bench.credentials);
    const leader = await joined('leader');
    await joined('refused', { fetchCredentials });
    const able = await joined('able');
    const { dialog } = await talk(leader);
    const events = recordEvents(await nextCall(able, 'callShared'));
    isRefused = true;
    tabs.kill('leader');
    await takeUp(dialog);
    await pass(SECOND);
    expect(able.device.isLeader()).toBe(true);
    expect(events.names).toEqual(['reconnecting', 'reconnected']);
  });
});

it('a recovered call is announced in tabs that have not shown it', async () => {
  const first = await joined('first');
  const { dialog } = await talk(first);
  const records = await journaled();
  expect(records).toHaveLength(1);
  tabs.kill('first');
  first.device.destroy();
  await dialog.expect('BYE');
  await pass(3 * SECOND);
  for (const record of records) await writeJournal(record);
  const second = await joined('second');
  await takeUp(dialog);
  expect(second.events.of('recovered')).toHaveLength(1);
  const third = await joined('third', { recoverCalls: false });
  await pass(SECOND);
  expect(third.events.of('callShared')).toHaveLength(1);
});

it('a single tab that is reloaded replaces its binding instead of adding one', async () => {
  const first = await joined('first');
  tabs.kill('first');
  first.device.destroy();
  await pass(3 * SECOND);
  await joined('first again');
  const ids = new Set(instanceIds());
  expect([...ids]).toHaveLength(1);
});

it('a tab that takes over goes on as the instance of the tabs, not as its own', async () => {
  const first = await joined('first');
  const second = await joined('second');
  tabs.kill('first');
  first.device.destroy();
  await withStorage(second.events.next('reconnected'));
  expect(new Set(instanceIds()).size).toBe(1);
});

it('two calls of one lost tab, the first of which is slow to be taken up: both go on', async () => {
  const first = await joined('first', { allowIncomingWhileBusy: true });
  const second = await joined('second', { allowIncomingWhileBusy: true });
  const { dialog } = await talk(first);
  const { dialog: other } = await talk(first);
  await pass(0);
  const events = (second.events.of('callShared') as [Call][]).map(([call]) => recordEvents(call));
  expect(events).toHaveLength(2);
  tabs.kill('first');
  const slow = await reinvite(dialog);
  await pass(3 * SECOND);
  await takeUp(other);
  await pass(3 * SECOND);
  slow.reply(200, { body: sdpAnswer(slow.body) });
  await withStorage(dialog.expect('ACK'));
  await settleStorage();
  await pass(SECOND);
  expect(events.map((seen) => seen.names)).toEqual([
    ['reconnecting', 'reconnected'],
    ['reconnecting', 'reconnected'],
  ]);
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CustomerCall, Sandbox } from '../../src/sandbox/index';
import { ChromiumLab, type ChromiumPage } from '../support/chromium-lab';
import type { LabBrowser } from '../support/lab-page';
import { Phone, startPhoneSandbox } from '../support/phone';

const MIC_HZ = 600;
const CUSTOMER_HZ = 900;

/** Remembers the audio elements of a page, so that a test can see which of them play. */
const WATCH_AUDIO = `
  window.audioElements = [];
  const NativeAudio = window.Audio;
  window.Audio = function (...args) {
    const element = new NativeAudio(...args);
    window.audioElements.push(element);
    return element;
  };
`;

let sandbox: Sandbox;
let chromium: ChromiumLab;
let window1: LabBrowser<ChromiumPage>;

beforeAll(async () => {
  [sandbox, chromium] = await Promise.all([startPhoneSandbox(), ChromiumLab.launch({ micToneHz: MIC_HZ })]);
});
beforeEach(async () => {
  window1 = await chromium.tabs();
});
afterEach(async () => {
  await window1.close();
  await sandbox.waitForUnregistration('alice');
});
afterAll(async () => {
  await chromium.close();
  await sandbox.close();
});

type Tab = Phone<ChromiumPage>;

function openTab(device: Readonly<Record<string, unknown>> = {}): Promise<Tab> {
  return Phone.registered(window1, sandbox, {
    userUuid: 'alice',
    device: { multiTab: true, ringtoneUrl: '/ringtone.wav', ...device },
    page: { initScript: WATCH_AUDIO },
  });
}

async function openTabs(count: number, device: Readonly<Record<string, unknown>> = {}): Promise<Tab[]> {
  const tabs: Tab[] = [];
  for (let opened = 0; opened < count; opened += 1) tabs.push(await openTab(device));
  return tabs;
}

function isLeader(tab: Tab): Promise<boolean> {
  return tab.page.evaluate(() => window.sdkPhone.device.isLeader());
}

/** How many audio elements of the page play. */
function playing(tab: Tab): Promise<number> {
  return tab.page.evaluate(
    () =>
      (window as unknown as { audioElements: HTMLAudioElement[] }).audioElements.filter(
        (element) => !element.paused,
      ).length,
  );
}

/** From `sinceMs` (Unix epoch) until the tab was registered again. */
async function takeOverMs(tab: Tab, sinceMs: number): Promise<number> {
  const { atMs } = await tab.next('device', 'reconnected');
  return (await tab.page.evaluate(() => performance.timeOrigin)) + atMs - sinceMs;
}

/** Ends the process of a page, without a word to it; returns when that was asked for and when it was gone (Unix epoch). */
async function crash(tab: Tab): Promise<{ askedAtMs: number; goneAtMs: number }> {
  const session = await tab.page.raw.context().newCDPSession(tab.page.raw);
  const gone = tab.page.raw.waitForEvent('crash');
  const askedAtMs = Date.now();
  session.send('Page.crash').catch(() => undefined);
  await gone;
  return { askedAtMs, goneAtMs: Date.now() };
}

function contacts(): readonly { instanceId: string | undefined; flowId: string }[] {
  return sandbox.registrations().find(({ user }) => user === 'alice')?.contacts ?? [];
}

/** A customer whose call rings in each of the tabs: its number on each page. */
async function ring(tabs: readonly Tab[]): Promise<{ customer: CustomerCall; calls: number[] }> {
  const customer = await sandbox.customer({ toneHz: CUSTOMER_HZ }).call('alice');
  const calls = await Promise.all(tabs.map(async (tab) => (await tab.incoming()).index));
  return { customer, calls };
}

/** Registers the agent again in a page that was reloaded. */
async function createAgain(tab: Tab): Promise<void> {
  tab.forget();
  const { token } = await sandbox.mintToken({ userUuid: 'alice' });
  await tab.page.evaluate((jwt) => {
    window.sdkPhone.create({ token: jwt, multiTab: true, recoverCalls: true });
    return window.sdkPhone.device.register();
  }, token);
}

describe('two tabs of one agent', () => {
  test('have one registration, and one of them rings', async () => {
    const [leader, follower] = (await openTabs(2)) as [Tab, Tab];
    expect(contacts()).toHaveLength(1);
    expect([await isLeader(leader), await isLeader(follower)]).toEqual([true, false]);
    const { calls, customer } = await ring([leader, follower]);
    await expect.poll(() => playing(leader)).toBe(1);
    expect(await playing(follower)).toBe(0);
    customer.hangup();
    await follower.next(`call ${calls[1]}`, 'disconnect');
    await expect.poll(() => playing(leader)).toBe(0);
  });

  test('a call is answered, muted, held, sent digits and hung up in the tab that does not carry it', async () => {
    const [leader, follower] = (await openTabs(2)) as [Tab, Tab];
    const { calls } = await ring([leader, follower]);
    const [own, call] = calls as [number, number];
    await follower.do(call, 'accept');
    await leader.hears(own, CUSTOMER_HZ);
    expect(await follower.do(call, 'getStatus')).toBe('accepted');
    await follower.do(call, 'mute', true);
    await follower.next(`call ${call}`, 'mute');
    expect(await leader.do(own, 'isMuted')).toBe(true);
    await follower.do(call, 'hold', true);
    expect(await leader.do(own, 'isOnHold')).toBe(true);
    await follower.do(call, 'hold', false);
    await follower.do(call, 'sendDigits', '12#');
    await follower.do(call, 'disconnect');
    const { args } = await leader.next(`call ${own}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'local' });
    expect(await follower.counters()).toMatchObject({ connections: 0, tracks: 0 });
  });

  test('a call is placed in the tab that does not carry it', async () => {
    const [leader, follower] = (await openTabs(2)) as [Tab, Tab];
    const call = await follower.connect('tone');
    await follower.next(`call ${call}`, 'accepted');
    const { args } = await leader.next('device', 'callShared');
    const { index } = args[0] as { index: number };
    expect(await leader.do(index, 'getStatus')).toBe('accepted');
    await leader.do(index, 'disconnect');
    await follower.next(`call ${call}`, 'disconnect');
  });
});

describe('the tab that leads', () => {
  test('is closed: another is registered in under 2 s, and calls reach it', async () => {
    const [leader, follower] = (await openTabs(2)) as [Tab, Tab];
    const before = contacts()[0];
    const sinceMs = Date.now();
    await leader.close();
    const tookMs = await takeOverMs(follower, sinceMs);
    console.info(`closed: taken over in ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(2_000);
    expect(await isLeader(follower)).toBe(true);
    expect(contacts()).toHaveLength(1);
    expect(contacts()[0]?.instanceId).toBe(before?.instanceId);
    const { calls } = await ring([follower]);
    await follower.do(calls[0] ?? -1, 'accept');
    await follower.hears(calls[0] ?? -1, CUSTOMER_HZ);
  });

  test('crashes in a call: another is registered in under 2 s, and all are told that the call is over', async () => {
    const [leader, follower, third] = (await openTabs(3)) as [Tab, Tab, Tab];
    const { calls } = await ring([leader, follower, third]);
    await leader.do(calls[0] ?? -1, 'accept');
    await follower.next(`call ${calls[1]}`, 'accepted');
    const { askedAtMs, goneAtMs } = await crash(leader);
    for (const [at, tab] of [follower, third].entries()) {
      const lost = await tab.next(`call ${calls[at + 1]}`, 'error');
      expect(lost.args[0]).toMatchObject({ code: 'TAB_LOST' });
      const { args } = await tab.next(`call ${calls[at + 1]}`, 'disconnect');
      expect(args[0]).toMatchObject({ reason: 'network' });
    }
    // Writing the dump of a crash takes the browser a second on a busy machine.
    const tookMs = await takeOverMs(follower, goneAtMs);
    console.info(`crashed: taken over in ${tookMs.toFixed(0)} ms, asked ${goneAtMs - askedAtMs} ms before`);
    expect(tookMs).toBeLessThan(2_000);
    await third.next('device', 'reconnected');
    expect([await isLeader(follower), await isLeader(third)]).toEqual([true, false]);
    expect(contacts()).toHaveLength(1);
  });

  // By the event alone: a headless Chromium freezes no page, whatever the DevTools protocol asks for.
  test('hears that it will be frozen: another takes over; thawed, it follows', async () => {
    const [leader, follower] = (await openTabs(2)) as [Tab, Tab];
    const sinceMs = Date.now();
    await leader.page.evaluate(() => document.dispatchEvent(new Event('freeze')));
    const tookMs = await takeOverMs(follower, sinceMs);
    console.info(`frozen: taken over in ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(2_000);
    await leader.page.evaluate(() => document.dispatchEvent(new Event('resume')));
    await leader.next('device', 'reconnected');
    expect([await isLeader(leader), await isLeader(follower)]).toEqual([false, true]);
    const { calls } = await ring([leader, follower]);
    await leader.do(calls[0] ?? -1, 'accept');
    await follower.hears(calls[1] ?? -1, CUSTOMER_HZ);
  });

  test('is reloaded in no call: the other leads, and the page that comes back follows', async () => {
    const [leader, follower] = (await openTabs(2)) as [Tab, Tab];
    await leader.page.raw.reload();
    await follower.next('device', 'reconnected');
    const back = await openTab();
    expect([await isLeader(follower), await isLeader(back)]).toEqual([true, false]);
    expect(contacts()).toHaveLength(1);
  });
});

describe('with recoverCalls, the tab that leads', () => {
  /** The same Call goes on in the tabs that are left, heard both ways in the one that carries it now. */
  async function goesOn(lose: (leader: Tab) => Promise<unknown>): Promise<void> {
    const [leader, next, third] = (await openTabs(3, { recoverCalls: true })) as [Tab, Tab, Tab];
    const { calls, customer } = await ring([leader, next, third]);
    const [own, call, other] = calls as [number, number, number];
    await leader.do(own, 'accept');
    await leader.hears(own, CUSTOMER_HZ);
    await third.next(`call ${other}`, 'accepted');
    const sinceMs = Date.now();
    await lose(leader);
    const { args } = await next.next(`call ${call}`, 'reconnecting');
    expect(args[0]).toEqual({ cause: 'signaling' });
    await next.next(`call ${call}`, 'reconnected');
    await next.hears(call, CUSTOMER_HZ);
    console.info(`call taken up by another tab: heard again after ${Date.now() - sinceMs} ms`);
    await customer.hears({ hz: MIC_HZ });
    await third.next(`call ${other}`, 'reconnected');
    expect(contacts()).toHaveLength(1);
    await third.do(other, 'mute', true);
    await next.next(`call ${call}`, 'mute');
    await customer.hearsSilence();
    await third.do(other, 'disconnect');
    await next.next(`call ${call}`, 'disconnect');
    await expect.poll(() => customer.end?.by).toBe('agent');
    expect(await next.page.evaluate(() => window.sdkPhone.calls.length)).toBe(1);
  }

  test('crashes in a call: the next one goes on with it', () => goesOn(crash));

  test('is closed in a call: the next one goes on with it', () => goesOn((leader) => leader.close()));

  test('is reloaded in a call: another goes on with it, and the page that comes back shows it', async () => {
    const [leader, next] = (await openTabs(2, { recoverCalls: true })) as [Tab, Tab];
    const { calls } = await ring([leader, next]);
    await leader.do(calls[0] ?? -1, 'accept');
    await next.next(`call ${calls[1]}`, 'accepted');
    await leader.page.raw.reload();
    await next.next(`call ${calls[1]}`, 'reconnected');
    await next.hears(calls[1] ?? -1, CUSTOMER_HZ);
    await createAgain(leader);
    const { args } = await leader.next('device', 'callShared');
    const { index } = args[0] as { index: number };
    expect(await leader.do(index, 'getStatus')).toBe('accepted');
    await leader.do(index, 'disconnect');
    await next.next(`call ${calls[1]}`, 'disconnect');
  });

  test('is the only one and is reloaded in a call: it goes on there, with one binding', async () => {
    const tab = await openTab({ recoverCalls: true });
    const { calls } = await ring([tab]);
    await tab.do(calls[0] ?? -1, 'accept');
    await tab.hears(calls[0] ?? -1, CUSTOMER_HZ);
    await tab.page.raw.reload();
    await createAgain(tab);
    const { args } = await tab.next('device', 'recovered');
    await tab.hears((args[0] as { index: number }).index, CUSTOMER_HZ);
    expect(contacts()).toHaveLength(1);
  });
});

test('what other scripts of the origin write to the channel changes nothing', async () => {
  const [leader, follower] = (await openTabs(2)) as [Tab, Tab];
  await follower.page.evaluate((origin) => {
    const channel = new BroadcastChannel(`2chat-voice/1/${origin}/alice`);
    const kinds = ['hello', 'view', 'news', 'request', 'receipt', 'response', 'leaving', '', 'x'.repeat(999)];
    const bodies = [
      undefined,
      null,
      7,
      'text',
      [],
      {},
      { call: {} },
      { id: 1, method: 'constructor', args: [] },
    ];
    for (const kind of kinds)
      for (const body of bodies) channel.postMessage({ from: 'somebody', kind, body });
    for (const data of [null, 1, 'text', [], { from: 1 }]) channel.postMessage(data);
    channel.close();
  }, sandbox.url);
  const { calls } = await ring([leader, follower]);
  await follower.do(calls[1] ?? -1, 'accept');
  await leader.hears(calls[0] ?? -1, CUSTOMER_HZ);
  expect(leader.page.problems.concat(follower.page.problems)).toEqual([]);
});

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { launchChromium } from '../support/chromium';
import { startPhoneSandbox } from '../support/phone';

let sandbox: Sandbox;
let strict: Browser;
let window1: BrowserContext;

beforeAll(async () => {
  [sandbox, strict] = await Promise.all([
    startPhoneSandbox(),
    launchChromium({ args: ['--autoplay-policy=document-user-activation-required'] }),
  ]);
});
beforeEach(async () => {
  window1 = await strict.newContext();
});
afterEach(async () => {
  await window1.close();
  await sandbox.waitForUnregistration('alice');
});
afterAll(async () => {
  await strict.close();
  await sandbox.close();
});

interface Tab {
  readonly page: Page;
  /** What its Device and its audio elements told so far. */
  readonly said: string[];
}

/** Everything runs from the page's own script, and the console tells: what the test driver evaluates is a gesture. */
async function openTab(): Promise<Tab> {
  const page = await window1.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  const { token } = await sandbox.mintToken({ userUuid: 'alice' });
  await page.addInitScript((jwt) => {
    const NativeAudio = window.Audio;
    window.Audio = function (source?: string) {
      const element = new NativeAudio(source);
      element.addEventListener('playing', () => {
        console.log('rings');
      });
      element.addEventListener('pause', () => {
        console.log('is silent');
      });
      return element;
    } as unknown as typeof Audio;
    window.addEventListener('load', () => {
      window.sdkPhone.create({
        token: jwt,
        multiTab: true,
        ringtoneUrl: '/ringtone.wav',
        logLevel: 'silent',
      });
      const { device } = window.sdkPhone;
      for (const event of ['audioBlocked', 'audioUnblocked', 'incoming', 'registered'] as const)
        device.on(event, () => {
          console.log(event);
        });
      void device.register();
    });
  }, token);
  await page.goto(`${sandbox.url}/phone.html`);
  await expect.poll(() => said).toContain('registered');
  return { page, said };
}

test('a ringtone that is blocked in the leader rings at once in a tab that the agent has used, and there alone', async () => {
  const leader = await openTab();
  const used = await openTab();
  const unused = await openTab();
  await used.page.mouse.click(5, 5);
  const customer = await sandbox.customer('tone').call('alice');
  await expect.poll(() => used.said).toContain('rings');
  for (const { said } of [leader, used, unused]) {
    await expect.poll(() => said).toContain('audioUnblocked');
    expect(said).toContain('audioBlocked');
  }
  customer.hangup();
  await expect.poll(() => used.said).toContain('is silent');
  for (const { said } of [leader, unused]) expect(said).not.toContain('rings');
});

test('one that is blocked everywhere rings in the tab that has the first gesture', async () => {
  const leader = await openTab();
  const follower = await openTab();
  await sandbox.customer('tone').call('alice');
  for (const { said } of [leader, follower]) await expect.poll(() => said).toContain('audioBlocked');
  await follower.page.mouse.click(5, 5);
  await expect.poll(() => follower.said).toContain('rings');
  await expect.poll(() => leader.said).toContain('audioUnblocked');
  await leader.page.mouse.click(5, 5);
  // The tab that rings is closed: the leader, which has been used meanwhile, rings itself.
  expect(leader.said).not.toContain('rings');
  await follower.page.close({ runBeforeUnload: false });
  await expect.poll(() => leader.said, { timeout: 15_000 }).toContain('rings');
});

import type { Browser, CDPSession } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { launchChromium } from '../support/chromium';
import { Phone, startPhoneSandbox } from '../support/phone';

const CALLS = 200;
/** What the SIP stack keeps of one call for the 32 s of its transactions (RFC 3261 timer B and its like), and ours. */
const HEAP_BYTES_PER_CALL = 25_000;

let sandbox: Sandbox;
let browser: Browser;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([
    startPhoneSandbox({ limits: { messagesPerSecond: 1000 } }),
    launchChromium({ args: ['--js-flags=--expose-gc'] }),
  ]);
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

async function heapBytes(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return usedSize;
}

test(`${CALLS} calls one after another leave nothing behind`, { timeout: 300_000 }, async () => {
  const phone = await Phone.registered(browser, sandbox);
  const cdp = await phone.page.context().newCDPSession(phone.page);
  const run = (count: number) =>
    phone.page.evaluate(async (calls) => {
      for (let number = 0; number < calls; number += 1) {
        const call = await window.sdkPhone.device.connect({ to: number % 4 === 3 ? 'busy' : 'tone' });
        const ended = new Promise((resolve) => call.once('disconnect', resolve));
        call.once('accepted', () => {
          call.mute(true);
          void call.disconnect();
        });
        await ended;
      }
    }, count);

  await run(20);
  const idle = await phone.counters();
  const heapBefore = await heapBytes(cdp);
  await run(CALLS);
  const after = await phone.counters();
  const heapAfter = await heapBytes(cdp);

  expect(after).toMatchObject({
    connections: 0,
    tracks: 0,
    elements: 0,
    contexts: 0,
    listeners: idle['listeners'],
  });
  const grownBytes = heapAfter - heapBefore;
  console.log(
    `${CALLS} calls: heap ${heapBefore} -> ${heapAfter} bytes, timers ${idle['timers']} -> ${after['timers']}`,
  );
  expect(grownBytes).toBeLessThan(CALLS * HEAP_BYTES_PER_CALL);
  // The SIP stack's transaction timers run out by themselves within 32 s.
  await expect
    .poll(async () => (await phone.counters())['timers'], { timeout: 60_000, interval: 1000 })
    .toBeLessThan(5);
  await phone.close();
});

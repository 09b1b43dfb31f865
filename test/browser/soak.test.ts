import type { CDPSession } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

const CALLS = 200;
/** Far below what one leaked call would cost 200 times; what remains is compiled code and caches. */
const FLAT_BYTES = 400_000;
/** The SIP stack's transaction timers run out by themselves within 32 s (RFC 3261 timers B, D, H, J, M). */
const SETTLING = { timeout: 60_000, interval: 1000 };

let sandbox: Sandbox;
let browser: ChromiumLab;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([
    startPhoneSandbox({ limits: { messagesPerSecond: 1000 } }),
    ChromiumLab.launch({ args: ['--js-flags=--expose-gc'] }),
  ]);
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

/**
 * Of a registered Device without a call: both ends of the token, the credentials, the binding (JsSIP's timer and ours),
 * and the keep-alive.
 */
const TIMERS_AT_REST = 6;

async function heapBytes(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return usedSize;
}

test(`${CALLS} calls one after another leave nothing behind`, { timeout: 300_000 }, async () => {
  const phone = await Phone.registered(browser, sandbox);
  const cdp = await phone.page.raw.context().newCDPSession(phone.page.raw);
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

  const settled = async () => {
    await expect
      .poll(async () => (await phone.counters())['timers'], SETTLING)
      .toBeLessThanOrEqual(TIMERS_AT_REST);
    return { counters: await phone.counters(), heapBytes: await heapBytes(cdp) };
  };

  // Fills what is kept of the last calls and messages for diagnostics, which is bounded.
  await run(60);
  const before = await settled();
  await run(CALLS);
  const after = await settled();

  console.log(`${CALLS} calls: heap ${before.heapBytes} -> ${after.heapBytes} bytes`);
  expect(after.counters).toEqual(before.counters);
  expect(after.counters).toMatchObject({ connections: 0, tracks: 0, elements: 0, contexts: 0 });
  expect(after.heapBytes - before.heapBytes).toBeLessThan(FLAT_BYTES);
  await phone.close();
});

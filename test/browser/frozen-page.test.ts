import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { type HiddenTab, openHiddenTab } from '../support/hidden-tab';
import { startPhoneSandbox } from '../support/phone';

/** Remembers which connections ended though nobody in the page had closed them. */
const WATCH_SOCKETS = `
  globalThis.socketsLost = 0;
  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('close', () => {
        if (!this.isClosedHere) socketsLost += 1;
      });
    }
    close(...args) {
      this.isClosedHere = true;
      super.close(...args);
    }
  };
`;

let sandbox: Sandbox;
let tab: HiddenTab;

beforeEach(async () => {
  sandbox = await startPhoneSandbox();
  tab = await openHiddenTab(`${sandbox.url}/phone.html`);
  const { token } = await sandbox.mintToken({ userUuid: 'alice' });
  await expect.poll(() => tab.evaluate('typeof sdkPhone')).toBe('object');
  await tab.evaluate(WATCH_SOCKETS);
  const options = JSON.stringify({ token, apiBaseUrl: sandbox.url });
  await tab.evaluate(`sdkPhone.create(${options}); sdkPhone.device.register()`);
  expect(await tab.evaluate('sdkPhone.device.isRegistered()')).toBe(true);
});

afterEach(async () => {
  await tab.close();
  await sandbox.close();
});

const events = () => tab.evaluate('sdkPhone.events.map(({ event }) => event)') as Promise<string[]>;
const soon = { timeout: 3_000, interval: 50 };

/** Freezes the page, and proves that nothing in it runs until it is thawed. */
async function frozen(during: () => void): Promise<void> {
  await tab.evaluate('globalThis.ticks = 0; setInterval(() => { ticks += 1; }, 50)');
  await expect.poll(() => tab.evaluate('ticks')).toBeGreaterThan(0);
  await tab.freeze();
  const before = await tab.evaluate('ticks');
  during();
  // Longer than every interval of the keep-alive, which is not heard of in the meantime.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  expect(await tab.evaluate('ticks')).toBe(before);
  await tab.thaw();
}

test('a page that was frozen is registered within 3 s of the thaw, and rings', async () => {
  await frozen(() => undefined);
  await expect.poll(() => tab.evaluate('sdkPhone.device.isRegistered()'), soon).toBe(true);
  // Chromium (156) ends every WebSocket of a page that was frozen, for however short, with 1006 at the thaw.
  const isLost = (await tab.evaluate('socketsLost')) === 1;
  await expect
    .poll(() => events(), soon)
    .toEqual(isLost ? ['registered', 'reconnecting', 'reconnected'] : ['registered']);
  const call = sandbox.customer({ number: '+493055501', answerAfterMs: 0 }).call('alice');
  await expect.poll(() => events(), soon).toContain('incoming');
  (await call).hangup();
});

/** Stops the whole browser for as long, as a lid that is closed does: its connections outlive that. */
async function asleep(during: () => void): Promise<void> {
  tab.suspend();
  during();
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  tab.resume();
}

test('a browser that slept asks before it gives a connection up: one that lives is kept', async () => {
  await asleep(() => undefined);
  await expect.poll(() => tab.evaluate('sdkPhone.device.isRegistered()'), soon).toBe(true);
  // A question and its answer, which a dead connection does not outlive.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(await tab.evaluate('socketsLost')).toBe(0);
  expect(await events()).toEqual(['registered']);
  const call = sandbox.customer({ number: '+493055501', answerAfterMs: 0 }).call('alice');
  await expect.poll(() => events(), soon).toContain('incoming');
  (await call).hangup();
});

test('a browser whose connection died unseen while it slept is back within 10 s', async () => {
  await asleep(() => {
    sandbox.faults.freezeSockets('alice');
  });
  await expect
    .poll(() => events(), { ...soon, timeout: 10_000 })
    .toEqual(['registered', 'reconnecting', 'reconnected']);
});

test('a page whose connection was cut while it was frozen is back within 3 s of the thaw', async () => {
  await frozen(() => {
    expect(sandbox.faults.dropSockets('alice')).toBe(1);
  });
  await expect.poll(() => events(), soon).toEqual(['registered', 'reconnecting', 'reconnected']);
  expect(await tab.evaluate('sdkPhone.device.isRegistered()')).toBe(true);
});

test('a page whose connection died unseen while it was frozen is back within 5 s of the thaw', async () => {
  await frozen(() => {
    sandbox.faults.freezeSockets('alice');
  });
  await expect
    .poll(() => events(), { ...soon, timeout: 5_000 })
    .toEqual(['registered', 'reconnecting', 'reconnected']);
  expect(await tab.evaluate('sdkPhone.device.isRegistered()')).toBe(true);
});

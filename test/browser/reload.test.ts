import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab, type ChromiumPage } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

let sandbox: Sandbox;
let browser: ChromiumLab;
const phones: Phone<ChromiumPage>[] = [];

/** What a reload in a call may cost: from the reload until the agent hears the far end again. */
const AUDIO_BACK_MS = 3_000;
/** The same on a machine that is busy with other things. */
const AUDIO_BACK_AT_LAST_MS = 10_000;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([startPhoneSandbox(), ChromiumLab.launch({ micToneHz: 500 })]);
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.close();
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

interface Recovered {
  readonly index: number;
  readonly from: string;
  readonly status: string;
  readonly isMuted: boolean;
  readonly isOnHold: boolean;
  readonly isOnRemoteHold: boolean;
}

async function registered(userUuid: string): Promise<Phone<ChromiumPage>> {
  const phone = await Phone.registered(browser, sandbox, { userUuid, device: { recoverCalls: true } });
  phones.push(phone);
  return phone;
}

/** Registers the same agent in the page that has just loaded. */
async function registerAgain(phone: Phone<ChromiumPage>, userUuid: string): Promise<void> {
  phone.forget();
  const { token } = await sandbox.mintToken({ userUuid });
  await phone.page.evaluate((jwt) => {
    window.sdkPhone.create({ token: jwt, recoverCalls: true });
    return window.sdkPhone.device.register();
  }, token);
}

async function recovered(phone: Phone<ChromiumPage>): Promise<Recovered> {
  const { args } = await phone.next('device', 'recovered');
  return args[0] as Recovered;
}

/** The call of the former page, taken up; measured until the agent hears the far end again. */
async function comesBack(
  phone: Phone<ChromiumPage>,
  userUuid: string,
  leave: () => Promise<unknown>,
): Promise<Recovered & { readonly audioBackMs: number }> {
  const before = performance.now();
  await leave();
  await registerAgain(phone, userUuid);
  const found = await recovered(phone);
  await phone.hears(found.index, 440);
  const audioBackMs = performance.now() - before;
  console.log(`${userUuid}: audio back after ${Math.round(audioBackMs)} ms`);
  expect(audioBackMs).toBeLessThan(AUDIO_BACK_AT_LAST_MS);
  return { ...found, audioBackMs };
}

describe('a reload in a call', () => {
  test('goes on in the new page, heard both ways', async () => {
    const phone = await registered('reloader');
    const call = await phone.connect('tone');
    await phone.hears(call, 440);
    const customer = sandbox.customer('tone').lastCall;
    const { index, status, from } = await comesBack(phone, 'reloader', () => phone.page.raw.reload());
    expect({ status, from }).toEqual({ status: 'accepted', from: `sip:tone@${sandbox.domain}` });
    await customer?.hears({ hz: 500 });
    expect(customer?.state).toBe('answered');
    await phone.do(index, 'disconnect');
    await expect.poll(() => customer?.end?.by).toBe('agent');
  });

  test('of an inbound call: the customer can still hang up', async () => {
    const phone = await registered('callee');
    const customer = await sandbox.customer('tone').call('callee');
    const { index } = await phone.incoming();
    await phone.do(index, 'accept');
    await phone.hears(index, 440);
    const found = await comesBack(phone, 'callee', () => phone.page.raw.reload());
    await customer.hears({ hz: 500 });
    customer.hangup();
    const { args } = await phone.next(`call ${found.index}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'remote' });
  });

  test('leaves the agent muted', async () => {
    const phone = await registered('muted');
    const call = await phone.connect('tone');
    await phone.hears(call, 440);
    const customer = sandbox.customer('tone').lastCall;
    await phone.do(call, 'mute', true);
    const { index, isMuted } = await comesBack(phone, 'muted', () => phone.page.raw.reload());
    expect(isMuted).toBe(true);
    await customer?.hearsSilence();
    await phone.do(index, 'mute', false);
    await customer?.hears({ hz: 500 });
  });

  test('leaves the customer on hold, who can be resumed', async () => {
    const phone = await registered('holder');
    const call = await phone.connect('tone');
    await phone.hears(call, 440);
    const customer = sandbox.customer('tone').lastCall;
    await phone.do(call, 'hold', true);
    await expect.poll(() => customer?.isOnHold).toBe(true);
    await phone.page.raw.reload();
    await registerAgain(phone, 'holder');
    const { index, isOnHold } = await recovered(phone);
    expect(isOnHold).toBe(true);
    await expect.poll(() => customer?.mediaDirection).toBe('recvonly');
    await phone.do(index, 'hold', false);
    await phone.hears(index, 440);
    await customer?.hears({ hz: 500 });
  });

  test('three times in a row, at best within 3 s', async () => {
    const phone = await registered('impatient');
    const call = await phone.connect('tone');
    await phone.hears(call, 440);
    const roundsMs: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { audioBackMs } = await comesBack(phone, 'impatient', () => phone.page.raw.reload());
      roundsMs.push(audioBackMs);
    }
    expect(Math.min(...roundsMs)).toBeLessThan(AUDIO_BACK_MS);
    await sandbox.customer('tone').lastCall?.hears({ hz: 500 });
  });
});

describe('a crash of the tab in a call', () => {
  /** Crashes the tab, and calls back what a new page makes of it. */
  async function crash(userUuid: string, isSameTab: boolean): Promise<number> {
    const phone = await registered(userUuid);
    const call = await phone.connect('tone');
    await phone.hears(call, 440);
    const customer = sandbox.customer('tone').lastCall;
    const { raw } = phone.page;
    const stored = await phone.page.evaluate(() => Object.entries<string>(sessionStorage));
    const { token } = await sandbox.mintToken({ userUuid });
    const crashed = new Promise((resolve) => raw.once('crash', resolve));
    const devTools = await raw.context().newCDPSession(raw);
    // Never answered: the process is gone.
    devTools.send('Page.crash').catch(() => undefined);
    await crashed;
    const before = performance.now();
    // The browser keeps a crashed tab's storage for when it is loaded again; Playwright gives such a tab up.
    const next = await raw.context().newPage();
    await next.goto(`${sandbox.url}/phone.html`);
    const heardHz = await next.evaluate(
      async ([entries, jwt]) => {
        for (const [name, value] of entries) sessionStorage.setItem(name, value);
        window.sdkPhone.create({ token: jwt, recoverCalls: true });
        await window.sdkPhone.device.register();
        await window.sdkPhone.next('device', 'recovered', 0, 20_000);
        for (let look = 0; look < 20; look += 1) {
          const { hz, dbfs } = await window.sdkPhone.hear(0);
          if (dbfs > -40) return hz;
        }
        return 0;
      },
      [isSameTab ? stored : [], token] as const,
    );
    const audioBackMs = performance.now() - before;
    console.log(`${userUuid}: audio back after ${Math.round(audioBackMs)} ms`);
    expect(Math.abs(heardHz - 440)).toBeLessThan(15);
    await customer?.hears({ hz: 500 });
    expect(customer?.state).toBe('answered');
    return audioBackMs;
  }

  test('goes on when the tab is loaded again', async () => {
    expect(await crash('crasher', true)).toBeLessThan(AUDIO_BACK_AT_LAST_MS);
  });

  // That tab might be loading again: another one waits for ten seconds without a sign of life.
  test('goes on in another tab, a little later', async () => {
    expect(await crash('mover', false)).toBeLessThan(10_000 + AUDIO_BACK_AT_LAST_MS);
  });
});

test('a reload while an inbound call rings: it rings again and can be answered', async () => {
  const phone = await registered('rung');
  const customer = await sandbox.customer('tone').call('rung', { headers: { 'X-2Chat-Case': '7' } });
  await phone.incoming();
  await phone.page.raw.reload();
  await registerAgain(phone, 'rung');
  const { index, headers } = await phone.incoming();
  expect(headers).toEqual({ Case: '7' });
  expect(customer.state).toBe('ringing');
  await phone.do(index, 'accept');
  await phone.hears(index, 440);
  await customer.hears({ hz: 500 });
});

test('a call that ended while nobody was there is lost, and said to be', async () => {
  const phone = await registered('late');
  const call = await phone.connect('tone');
  await phone.hears(call, 440);
  const callId = await phone.page.evaluate((index) => window.sdkPhone.calls[index]?.callId, call);
  const customer = sandbox.customer('tone').lastCall;
  await phone.page.raw.reload();
  customer?.hangup();
  await registerAgain(phone, 'late');
  const { args } = await phone.next('device', 'callLost');
  expect(args[0]).toEqual({ callId, remoteIdentity: `sip:tone@${sandbox.domain}`, reason: 'ended' });
});

test('a duplicated tab is a phone of its own and takes nothing', async () => {
  const phone = await registered('twin');
  const call = await phone.connect('tone');
  await phone.hears(call, 440);
  const twin = await phone.page.raw.context().newPage();
  await twin.goto(`${sandbox.url}/phone.html`);
  const stored = await phone.page.evaluate(() => Object.entries<string>(sessionStorage));
  const { token } = await sandbox.mintToken({ userUuid: 'twin' });
  await twin.evaluate(
    ([entries, jwt]) => {
      for (const [name, value] of entries) sessionStorage.setItem(name, value);
      window.sdkPhone.create({ token: jwt, recoverCalls: true });
      return window.sdkPhone.device.register();
    },
    [stored, token] as const,
  );
  expect(sandbox.registrations().find(({ user }) => user === 'twin')?.contacts).toHaveLength(2);
  await phone.hears(call, 440);
  expect(await twin.evaluate(() => window.sdkPhone.calls.length)).toBe(0);
  await twin.close();
});

test('closeProtection asks before a page with a live call is left', async () => {
  const phone = await Phone.registered(browser, sandbox, {
    userUuid: 'protected',
    device: { closeProtection: true },
  });
  phones.push(phone);
  const call = await phone.connect('tone');
  await phone.next(`call ${call}`, 'accepted');
  const asked = new Promise<string>((resolve) => {
    phone.page.raw.once('dialog', (dialog) => {
      void dialog.dismiss();
      resolve(dialog.type());
    });
  });
  // A gesture, which the browser wants to see before it asks.
  await phone.page.raw.mouse.click(5, 5);
  await phone.page.raw.close({ runBeforeUnload: true });
  expect(await asked).toBe('beforeunload');
  await phone.hears(call, 440);
});

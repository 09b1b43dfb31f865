import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab, type ChromiumPage } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

let sandbox: Sandbox;
let browser: ChromiumLab;
const phones: Phone<ChromiumPage>[] = [];

/** What the issue of a reload in a call may cost: from the reload until the agent hears the far end again. */
const AUDIO_BACK_MS = 3_000;

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

describe('a reload in a call', () => {
  test('goes on in the new page, heard both ways within 3 s', async () => {
    const phone = await registered('reloader');
    const call = await phone.connect('tone');
    await phone.hears(call, 440);
    const customer = sandbox.customer('tone').lastCall;
    const before = performance.now();
    await phone.page.raw.reload();
    await registerAgain(phone, 'reloader');
    const { index, status, from } = await recovered(phone);
    await phone.hears(index, 440);
    const audioBackMs = performance.now() - before;
    console.log(`audio back after ${Math.round(audioBackMs)} ms`);
    expect(audioBackMs).toBeLessThan(AUDIO_BACK_MS);
    expect({ status, from }).toEqual({ status: 'accepted', from: `sip:tone@${sandbox.domain}` });
    await customer?.hears({ hz: 500 });
    expect(customer?.state).toBe('answered');
    await phone.do(index, 'disconnect');
    await expect.poll(() => customer?.end?.by).toBe('agent');
  });
});

import { createSocket } from 'node:dgram';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { launchChromium } from '../support/chromium';
import { ChromiumLab, type ChromiumPage } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

let sandbox: Sandbox;
let browser: ChromiumLab;
const phones: Phone<ChromiumPage>[] = [];

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

async function registered(
  options: Parameters<typeof Phone.registered>[2] = {},
): Promise<Phone<ChromiumPage>> {
  const phone = await Phone.registered(browser, sandbox, options);
  phones.push(phone);
  return phone;
}

describe('leaving', () => {
  test('a page that is closed in a call hangs up and is not reachable any more', async () => {
    const phone = await registered({ userUuid: 'leaver' });
    const call = await phone.connect('tone');
    await phone.next(`call ${call}`, 'accepted');
    const customer = sandbox.customer('tone');
    await phone.page.raw.goto('about:blank');
    await expect.poll(() => customer.lastCall?.end?.by).toBe('agent');
    await sandbox.waitForUnregistration('leaver');
  });

  test('destroy() in a call hangs up, removes the binding and gives everything back', async () => {
    const phone = await registered({ userUuid: 'destroyer' });
    const call = await phone.connect('tone');
    await phone.next(`call ${call}`, 'accepted');
    await phone.page.evaluate(() => {
      window.sdkPhone.device.destroy();
      window.sdkPhone.device.destroy();
    });
    await expect.poll(() => sandbox.customer('tone').lastCall?.end?.by).toBe('agent');
    await sandbox.waitForUnregistration('destroyer');
    expect(await phone.counters()).toMatchObject({ connections: 0, tracks: 0, elements: 0 });
  });

  test('unregister() in a call makes the agent unreachable and lets the call end by itself', async () => {
    const phone = await registered({ userUuid: 'pauser' });
    const call = await phone.connect('tone');
    await phone.next(`call ${call}`, 'accepted');
    await phone.page.evaluate(() => window.sdkPhone.device.unregister());
    expect(sandbox.registrations().map(({ user }) => user)).not.toContain('pauser');
    await phone.hears(call, 440);
    await phone.do(call, 'disconnect');
    await expect.poll(() => sandbox.customer('tone').lastCall?.end?.by).toBe('agent');
  });
});

test('create, destroy, create in one tick leaves one registration', async () => {
  const phone = await Phone.open(browser, sandbox);
  phones.push(phone);
  const { token } = await sandbox.mintToken({ userUuid: 'strict' });
  await phone.page.evaluate(async (jwt) => {
    window.sdkPhone.create({ token: jwt });
    const first = window.sdkPhone.device
      .register()
      .catch((error: unknown) => (error as { code?: string }).code);
    window.sdkPhone.device.destroy();
    window.sdkPhone.create({ token: jwt });
    await window.sdkPhone.device.register();
    if ((await first) !== 'DESTROYED') throw new Error('the first registration was not refused');
  }, token);
  expect(sandbox.registrations().find(({ user }) => user === 'strict')?.contacts).toHaveLength(1);
});

test('a token that runs out leaves the live call alone and refuses new ones', async () => {
  const { token } = await sandbox.mintToken({ userUuid: 'expirer', ttlSeconds: 8, exact: true });
  const phone = await Phone.open(browser, sandbox);
  phones.push(phone);
  await phone.page.evaluate((jwt) => {
    window.sdkPhone.create({ token: jwt, tokenExpiryLeadMs: 2000 });
    return window.sdkPhone.device.register();
  }, token);
  const call = await phone.connect('tone');
  await phone.next('device', 'tokenWillExpire');
  const { args } = await phone.next('device', 'error');
  expect(args[0]).toMatchObject({ code: 'TOKEN_EXPIRED' });
  const code = await phone.page.evaluate(() =>
    window.sdkPhone.device
      .connect({ to: 'echo' })
      .catch((error: unknown) => (error as { code?: string }).code),
  );
  expect(code).toBe('TOKEN_EXPIRED');
  await phone.hears(call, 440);

  const fresh = await sandbox.mintToken({ userUuid: 'expirer' });
  await phone.page.evaluate((jwt) => window.sdkPhone.device.updateToken(jwt), fresh.token);
  await sandbox.waitForRegistration('expirer');
  await phone.hears(call, 440);
  const second = await phone.connect('busy');
  await phone.next(`call ${second}`, 'disconnect');
});

describe('a dead STUN or TURN server', () => {
  test.for([
    ['STUN', (port: number) => [{ urls: `stun:127.0.0.1:${port}` }]],
    ['TURN', (port: number) => [{ urls: `turn:127.0.0.1:${port}`, username: 'u', credential: 'c' }]],
  ] as const)('%s delays no call, in either direction', async ([, servers]) => {
    const mute = createSocket('udp4');
    await new Promise<void>((bound) => mute.bind(0, '127.0.0.1', bound));
    try {
      const phone = await registered({
        userUuid: 'stunned',
        device: { iceServers: servers(mute.address().port) },
      });
      // The browser alone would wait 40 s; the deadline of next() is 10 s.
      const call = await phone.connect('tone');
      await phone.next(`call ${call}`, 'accepted');
      await phone.hears(call, 440);
      await phone.do(call, 'hold', true);
      await phone.do(call, 'hold', false);
      await phone.do(call, 'disconnect');
      await sandbox.customer('tone').call('stunned');
      const { index } = await phone.incoming();
      await phone.do(index, 'accept');
      await phone.hears(index, 440);
    } finally {
      mute.close();
    }
  });
});

test('a ringtone that the browser blocks is reported, and starts at the first gesture', async () => {
  const strict = await launchChromium({ args: ['--autoplay-policy=document-user-activation-required'] });
  try {
    const context = await strict.newContext();
    const page = await context.newPage();
    const { token } = await sandbox.mintToken({ userUuid: 'silent' });
    // Everything runs from the page's own script: what the test driver evaluates counts as a gesture.
    await page.addInitScript((jwt) => {
      window.addEventListener('load', () => {
        const seen: string[] = [];
        Object.assign(window, { seen });
        window.sdkPhone.create({ token: jwt, ringtoneUrl: '/ringtone.wav' });
        const { device } = window.sdkPhone;
        device.on('audioBlocked', () => {
          console.info('blocked');
        });
        device.on('audioUnblocked', () => {
          console.info('unblocked');
        });
        device.on('error', ({ code }) => seen.push(code));
        void device.register();
      });
    }, token);
    await page.goto(`${sandbox.url}/phone.html`);
    await sandbox.waitForRegistration('silent');
    const said = (text: string) =>
      page.waitForEvent('console', { predicate: (message) => message.text() === text });
    const blocked = said('blocked');
    await sandbox.customer('tone').call('silent');
    await blocked;
    const unblocked = said('unblocked');
    await page.mouse.click(5, 5);
    await unblocked;
    expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual([
      'AUDIO_BLOCKED',
    ]);
  } finally {
    await strict.close();
  }
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

let sandbox: Sandbox;
let browser: ChromiumLab;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([startPhoneSandbox(), ChromiumLab.launch({ micToneHz: 500 })]);
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

test('no secret reaches the console or storage, however much is logged', async () => {
  const phone = await Phone.open(browser, sandbox);
  const lines: string[] = [];
  phone.page.raw.on('console', (message) => lines.push(message.text()));
  // What switches on the debug output of JsSIP where it has one.
  await phone.page.evaluate(() => {
    localStorage.setItem('debug', '*');
  });
  await phone.page.raw.reload();
  const { token } = await sandbox.mintToken({ userUuid: 'discreet' });
  const answer = await fetch(`${sandbox.url}/open/sdk/credentials`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { password } = (await answer.json()) as { password: string };
  await phone.page.evaluate((jwt) => {
    window.sdkPhone.create({ token: jwt, logLevel: 'debug' });
    return window.sdkPhone.device.register();
  }, token);
  const call = await phone.connect('tone');
  await phone.next(`call ${call}`, 'accepted');
  await phone.do(call, 'hold', true);
  await phone.do(call, 'disconnect');
  await phone.page.evaluate(() => window.sdkPhone.device.updateToken('not a token').catch(() => undefined));

  expect(lines.length).toBeGreaterThan(3);
  const stored = await phone.page.evaluate(() =>
    JSON.stringify([localStorage, sessionStorage, document.cookie]),
  );
  const everything = [...lines, stored].join('\n');
  expect(password.length).toBeGreaterThan(10);
  for (const secret of [token, token.split('.')[2] ?? token, password])
    expect(everything).not.toContain(secret);
  expect(everything).not.toMatch(/authorization:|response="|ice-pwd:[^[]/i);
  await phone.close();
});

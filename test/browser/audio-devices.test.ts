import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

const MICROPHONE_HZ = 600;

let sandbox: Sandbox;
let browser: ChromiumLab;
const phones: Phone[] = [];

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micToneHz: MICROPHONE_HZ }),
  ]);
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.close();
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

async function talking(to: string): Promise<{ phone: Phone; call: number }> {
  const phone = await Phone.registered(browser, sandbox);
  phones.push(phone);
  const call = await phone.connect(to);
  await phone.next(`call ${call}`, 'accepted');
  return { phone, call };
}

test('another microphone keeps the mute and needs no re-INVITE', async () => {
  const { phone, call } = await talking('echo');
  await phone.hears(call, MICROPHONE_HZ);
  const devices = await phone.page.evaluate(() => window.sdkPhone.device.enumerateDevices());
  const other = devices
    .filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== 'default')
    .at(-1);
  expect(other).toBeDefined();
  const requests = sandbox.trace.entries.length;

  await phone.do(call, 'mute', true);
  await phone.do(call, 'setInputDevice', other?.deviceId);
  await phone.hearsNobody(call);
  await phone.do(call, 'mute', false);
  const heard = await phone.hear(call, 1500);
  expect(heard.dbfs).toBeGreaterThan(-60);
  expect(sandbox.trace.entries.slice(requests).map(({ method }) => method)).not.toContain('INVITE');
  expect(await phone.counters()).toMatchObject({ tracks: 1, connections: 1 });
});

test('a microphone that does not exist is refused and the old one goes on', async () => {
  const { phone, call } = await talking('echo');
  expect(await phone.codeOf(call, 'setInputDevice', 'no-such-device')).toBe('MICROPHONE_NOT_FOUND');
  await phone.hears(call, MICROPHONE_HZ);
});

test('each call and the device choose their own speaker', async () => {
  const { phone, call } = await talking('tone');
  const speakers = (await phone.page.evaluate(() => window.sdkPhone.device.enumerateDevices())).filter(
    ({ kind, deviceId }) => kind === 'audiooutput' && deviceId !== 'default',
  );
  expect(speakers.length).toBeGreaterThan(0);
  await phone.do(call, 'setOutputDevice', speakers[0]?.deviceId);
  await phone.page.evaluate(
    (id) => window.sdkPhone.device.setOutputDevice(id),
    speakers.at(-1)?.deviceId ?? '',
  );
  expect(await phone.codeOf(call, 'setOutputDevice', 'no-such-device')).toBe('OUTPUT_DEVICE_FAILED');
  await phone.hears(call, 440);
});

test('the microphone is given back when the last call ends', async () => {
  const { phone, call } = await talking('tone');
  const second = await phone.connect('music');
  await phone.next(`call ${second}`, 'accepted');
  expect(await phone.counters()).toMatchObject({ tracks: 2, connections: 2, elements: 2 });
  await phone.do(call, 'disconnect');
  expect(await phone.counters()).toMatchObject({ tracks: 1, connections: 1, elements: 1 });
  await phone.do(second, 'disconnect');
  expect(await phone.counters()).toMatchObject({ tracks: 0, connections: 0, elements: 0 });
});

test('a denied microphone fails the call with its own code and leaves nothing', async () => {
  const refusing = await ChromiumLab.launch({ grantMicrophone: false, args: ['--deny-permission-prompts'] });
  try {
    const phone = await Phone.registered(refusing, sandbox, { userUuid: 'carol' });
    const before = sandbox.trace.entries.length;
    const code = await phone.page.evaluate(() =>
      window.sdkPhone.device.connect({ to: 'echo' }).then(
        () => 'connected',
        (error: unknown) => (error as { code?: string }).code,
      ),
    );
    expect(code).toBe('MICROPHONE_DENIED');
    expect(sandbox.trace.entries.slice(before).map(({ method }) => method)).not.toContain('INVITE');
    expect(await phone.counters()).toMatchObject({ tracks: 0, connections: 0, elements: 0 });

    await sandbox.customer('tone').call('carol');
    const { index } = await phone.incoming();
    expect(await phone.codeOf(index, 'accept')).toBe('MICROPHONE_DENIED');
    expect(await phone.do(index, 'getStatus')).toBe('ringing');
    await phone.do(index, 'reject');
    await phone.close();
  } finally {
    await refusing.close();
  }
});

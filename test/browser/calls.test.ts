import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CallReport, QualitySample } from '../../src/index';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

const ALICE_HZ = 600;
const BOB_HZ = 1000;

let sandbox: Sandbox;
let aliceBrowser: ChromiumLab;
let bobBrowser: ChromiumLab;
const phones: Phone[] = [];

beforeAll(async () => {
  [sandbox, aliceBrowser, bobBrowser] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micToneHz: ALICE_HZ }),
    ChromiumLab.launch({ micToneHz: BOB_HZ }),
  ]);
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.close();
});
afterAll(async () => {
  await Promise.all([aliceBrowser.close(), bobBrowser.close()]);
  await sandbox.close();
});

async function alice(): Promise<Phone> {
  const phone = await Phone.registered(aliceBrowser, sandbox, { userUuid: 'alice', label: 'Alice' });
  phones.push(phone);
  return phone;
}

async function bob(): Promise<Phone> {
  const phone = await Phone.registered(bobBrowser, sandbox, { userUuid: 'bob', label: 'Bob' });
  phones.push(phone);
  return phone;
}

describe('two agents', () => {
  test('hear each other, and nobody while muted or on hold', async () => {
    const [a, b] = await Promise.all([alice(), bob()]);
    const out = await a.connect('bob');
    const { index: into, name } = await b.incoming();
    expect(name).toBe('Alice');
    await b.do(into, 'accept');
    await a.next(`call ${out}`, 'accepted');
    await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);

    await a.do(out, 'mute', true);
    await b.hearsNobody(into);
    await a.hears(out, BOB_HZ);
    await a.do(out, 'mute', false);
    await b.hears(into, ALICE_HZ);

    await a.do(out, 'hold', true);
    await b.next(`call ${into}`, 'remoteHold');
    await Promise.all([a.hearsNobody(out), b.hearsNobody(into)]);
    await a.do(out, 'hold', false);
    await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);

    await b.do(into, 'disconnect');
    const { args } = await a.next(`call ${out}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'remote' });
    for (const phone of [a, b])
      expect(await phone.counters()).toMatchObject({ connections: 0, tracks: 0, elements: 0 });
  });
});

describe('customers', () => {
  test('get the digits in order', async () => {
    const a = await alice();
    const call = await a.connect('listener');
    await a.next(`call ${call}`, 'accepted');
    const customer = sandbox.customer('listener');
    await a.do(call, 'sendDigits', '12#');
    await a.do(call, 'sendDigits', '*0D');
    await expect.poll(() => customer.received).toBe('12#*0D');
    await a.do(call, 'disconnect');
  });

  test('are heard with a quality that is said each second, and reported at the end', async () => {
    const a = await alice();
    const call = await a.connect('tone');
    await a.next(`call ${call}`, 'accepted');
    const sample = await a.page.evaluate(
      (index) =>
        new Promise<QualitySample>((resolve) => {
          const live = window.sdkPhone.calls[index];
          const onQuality = (one: QualitySample) => {
            // The round trip is known with the first RTCP report, a few seconds in.
            if (one.mos === null) return;
            live?.off('quality', onQuality);
            resolve(one);
          };
          live?.on('quality', onQuality);
        }),
      call,
    );
    expect(sample.mos).toBeGreaterThan(4);
    expect(sample.lossRatio).toBe(0);
    // PCMU is 64 kbit/s (RFC 3551 section 4.5.14); the pacing of a busy machine may differ a little.
    expect(sample.inboundBitsPerSecond).toBeGreaterThan(40_000);
    expect(sample.codec?.mimeType).toMatch(/^audio\//);
    expect(sample.candidatePair).toMatchObject({ protocol: 'udp' });
    expect(sample.outputLevelDbfs).toBeGreaterThan(-40);
    expect(sample.inputLevelDbfs).toBeGreaterThan(-40);
    await a.do(call, 'disconnect');
    const { args } = await a.next(`call ${call}`, 'disconnect');
    // The statistics of the connection are gone by now.
    expect(args[0]).toMatchObject({
      quality: { packetsLost: 0, outputLevelDbfs: { max: expect.any(Number) as number } },
    });
    const report = (await a.do(call, 'getReport')) as CallReport;
    expect(report.codec).toEqual(sample.codec);
    expect(report.end).toMatchObject({ reason: 'hangup', initiator: 'local' });
    expect(JSON.stringify(report)).not.toMatch(/\d+\.\d+\.\d+\.\d+/);
  });

  test('call an agent, with their headers and their tone', async () => {
    const a = await alice();
    const customer = sandbox.customer({ toneHz: 700 });
    await customer.call('alice', { headers: { 'X-2Chat-Ticket': '42' }, displayName: 'Jane Doe' });
    const { index, from, name, headers } = await a.incoming();
    expect({ from, name, headers }).toEqual({
      from: customer.number,
      name: 'Jane Doe',
      headers: { Ticket: '42' },
    });
    await a.do(index, 'accept');
    await a.hears(index, 700);
    customer.hangup();
    const { args } = await a.next(`call ${index}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'remote' });
  });

  test.for([
    ['busy', { reason: 'busy', code: 486 }, 'CALL_BUSY'],
    ['decline', { reason: 'declined', code: 603 }, 'CALL_DECLINED'],
    ['unknown', { reason: 'not_found', code: 404 }, 'CALL_NOT_FOUND'],
    ['unavailable', { reason: 'unavailable', code: 480 }, 'CALL_UNAVAILABLE'],
  ] as const)('%s: the call fails and says why', async ([to, info, code]) => {
    const a = await alice();
    const call = await a.connect(to);
    const failed = await a.next(`call ${call}`, 'error');
    const { args } = await a.next(`call ${call}`, 'disconnect');
    expect(failed.args[0]).toMatchObject({ code });
    expect(args[0]).toMatchObject({ ...info, initiator: 'remote', durationMs: 0 });
    expect(await a.do(call, 'getStatus')).toBe('failed');
  });
});

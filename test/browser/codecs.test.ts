import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

const ALICE_HZ = 600;
const BOB_HZ = 1000;

let sandbox: Sandbox;
let aliceBrowser: ChromiumLab;
let bobBrowser: ChromiumLab;

beforeAll(async () => {
  [sandbox, aliceBrowser, bobBrowser] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micToneHz: ALICE_HZ }),
    ChromiumLab.launch({ micToneHz: BOB_HZ }),
  ]);
});
afterAll(async () => {
  await Promise.all([aliceBrowser.close(), bobBrowser.close()]);
  await sandbox.close();
});

interface Sent {
  readonly codec: string;
  readonly parameters: string;
  readonly bytes: number;
  readonly packets: number;
}

/** What a phone sends in a call, as its browser counts it. */
function sent(phone: Phone, call: number): Promise<Sent> {
  return phone.page.evaluate(async (index) => {
    const all: Record<string, unknown>[] = [];
    const report = await window.sdkPhone.calls[index]?.session.connection?.getStats();
    report?.forEach((stats: Record<string, unknown>) => all.push(stats));
    const outbound = all.find(({ type }) => type === 'outbound-rtp');
    const codec = all.find(({ id }) => id === outbound?.['codecId']);
    return {
      codec: String(codec?.['mimeType']),
      parameters: String(codec?.['sdpFmtpLine']),
      bytes: Number(outbound?.['bytesSent']),
      packets: Number(outbound?.['packetsSent']),
    };
  }, call);
}

/** Alice calls Bob, and both hear each other. */
async function talking(
  aliceOptions: Record<string, unknown>,
  bobOptions: Record<string, unknown>,
  use: (a: Phone, out: number, b: Phone, into: number) => Promise<void>,
): Promise<void> {
  const [a, b] = await Promise.all([
    Phone.registered(aliceBrowser, sandbox, { userUuid: 'alice', device: aliceOptions }),
    Phone.registered(bobBrowser, sandbox, { userUuid: 'bob', device: bobOptions }),
  ]);
  const out = await a.connect('bob');
  const { index: into } = await b.incoming();
  await b.do(into, 'accept');
  await a.next(`call ${out}`, 'accepted');
  await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);
  await use(a, out, b, into);
  await a.close();
  await b.close();
}

describe('codecs', () => {
  test.each([
    ['pcmu', 'audio/PCMU'],
    ['pcma', 'audio/PCMA'],
    ['g722', 'audio/G722'],
  ])('%s is spoken both ways where the caller prefers it', async (name, mimeType) => {
    await talking({ codecs: { preferred: [name] } }, {}, async (a, out, b, into) => {
      expect((await sent(a, out)).codec).toBe(mimeType);
      expect((await sent(b, into)).codec).toBe(mimeType);
    });
  });

  test('the preference of the one who is called holds for what is sent to them, after hold as well', async () => {
    await talking({}, { codecs: { preferred: ['pcma', 'opus'] } }, async (a, out, b, into) => {
      expect((await sent(a, out)).codec).toBe('audio/PCMA');
      await b.do(into, 'hold', true);
      await b.do(into, 'hold', false);
      await b.hears(into, ALICE_HZ);
      expect((await sent(a, out)).codec).toBe('audio/PCMA');
    });
  });

  test('a limit of one side bounds Opus in both directions, after hold as well', async () => {
    const limit = 12_000;
    const options = { codecs: { opus: { maxAverageBitsPerSecond: limit, fec: false } } };
    await talking(options, {}, async (a, out, b, into) => {
      for (const [phone, call] of [
        [a, out],
        [b, into],
      ] as const) {
        const first = await sent(phone, call);
        expect(first.parameters).toContain(`maxaveragebitrate=${limit}`);
        // Two hundred packets of 20 ms.
        await expect
          .poll(async () => (await sent(phone, call)).packets, { timeout: 20_000 })
          .toBeGreaterThan(first.packets + 200);
        const last = await sent(phone, call);
        const bitsPerPacket = (8 * (last.bytes - first.bytes)) / (last.packets - first.packets);
        // Chromium may choose longer packets than 20 ms for so little.
        expect(bitsPerPacket).toBeLessThan(limit * 0.06 * 1.2);
      }
      await a.do(out, 'hold', true);
      await a.do(out, 'hold', false);
      await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);
      expect((await sent(b, into)).parameters).toContain(`maxaveragebitrate=${limit}`);
    });
  });

  test('with DTX a muted agent sends next to nothing', async () => {
    await talking({ codecs: { opus: { dtx: true } } }, {}, async (a, out, b, into) => {
      await a.do(out, 'mute', true);
      await b.hearsNobody(into);
      const silent = await sent(a, out);
      const talk = await sent(b, into);
      await expect
        .poll(async () => (await sent(b, into)).packets, { timeout: 20_000 })
        .toBeGreaterThan(talk.packets + 100);
      // A sign of life every 400 ms (RFC 6716 section 2.1.9), where talk has 20 packets meanwhile.
      expect((await sent(a, out)).packets - silent.packets).toBeLessThan(25);
    });
  });
});

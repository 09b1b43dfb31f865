import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { launchChromium } from '../support/chromium';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';
import { decode, type HeardSounds, playing, plays, record, SOUND_LAB } from '../support/sound-lab';

let sandbox: Sandbox;
let browser: ChromiumLab;
const phones: Phone[] = [];

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([startPhoneSandbox(), ChromiumLab.launch()]);
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.close();
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

async function agent(sounds: object, device: object = {}): Promise<Phone> {
  const phone = await Phone.registered(browser, sandbox, {
    userUuid: 'sounds',
    device: { sounds, allowIncomingWhileBusy: true, ...device },
    page: { initScript: SOUND_LAB },
  });
  phones.push(phone);
  return phone;
}

/** Resolves when that many sounds play. */
async function soundsPlay(phone: Phone, count: number): Promise<void> {
  await expect.poll(() => playing(phone.page)).toHaveLength(count);
}

/** A sine of the highest of these pitches at -19 dBFS is nowhere steeper; a hard cut would be. */
function expectNoClick({ steepestEdge }: HeardSounds, highestHz: number): void {
  const amplitude = 10 ** (-19 / 20) * 2;
  expect(steepestEdge).toBeLessThan((2 * Math.PI * highestHz * amplitude) / 44_100);
}

function expectPitches({ pitchesHz, dbfs }: HeardSounds, ...wantedHz: number[]): void {
  const heard = pitchesHz.slice(0, wantedHz.length).sort((a, b) => a - b);
  expect(heard).toEqual(wantedHz.map((hz) => expect.closeTo(hz, -1.1) as number));
  expect(dbfs).toBeGreaterThan(-24);
  expect(dbfs).toBeLessThan(-17);
}

/** Bursts as `[atMs, durationMs]`; they are looked at in steps of 5 ms. */
function expectBursts({ bursts }: HeardSounds, ...wanted: (readonly [number, number])[]): void {
  expect(bursts.map(({ atMs, durationMs }) => [atMs, durationMs])).toEqual(
    wanted.map((pair) => pair.map((ms) => expect.closeTo(ms, -1.3) as number)),
  );
}

describe('a call that is dialled', () => {
  test('rings in the ear, in the cadence of the country and over the loop without a click', async () => {
    const phone = await agent({ country: 'gb' });
    const call = await phone.connect('no-answer');
    await phone.next(`call ${call}`, 'ringing');
    await soundsPlay(phone, 1);
    const file = await decode(phone.page);
    expectPitches(file, 400, 450);
    expectNoClick(file, 450);
    expectBursts(file, [0, 400], [600, 400]);
    // Longer than the file of 3 s: it goes on.
    const heard = await record(phone.page, 7_000);
    expectPitches(heard, 400, 450);
    expect(heard.bursts.at(-1)?.atMs).toBeGreaterThan(4_000);
    await phone.do(call, 'disconnect');
    await soundsPlay(phone, 0);
    expect(await phone.counters()).toMatchObject({ connections: 0, tracks: 0, elements: 0 });
  });

  test('stops ringing in the ear when it is answered', async () => {
    const phone = await agent({ country: 'us' });
    const call = await phone.connect('slow');
    await phone.next(`call ${call}`, 'ringing');
    await soundsPlay(phone, 1);
    expectPitches(await record(phone.page, 1_000), 440, 480);
    await phone.next(`call ${call}`, 'accepted');
    await soundsPlay(phone, 0);
    await phone.hears(call, 523);
    await phone.do(call, 'disconnect');
    expect(await plays(phone.page)).toBe(1);
  });

  test('whose far end sends its own ringing has none of ours beside it', async () => {
    const phone = await agent({ country: 'us' });
    const call = await phone.connect('early-media');
    await phone.next(`call ${call}`, 'ringing');
    await phone.hears(call, 784);
    expect(await phone.do(call, 'getStatus')).toBe('ringing');
    // Its 180 comes first, and rings here until the first packet.
    await soundsPlay(phone, 0);
    await phone.next(`call ${call}`, 'accepted');
    expect(await plays(phone.page)).toBeLessThanOrEqual(1);
    await phone.do(call, 'disconnect');
  });

  test.for([
    ['busy', 'de', [425], 480],
    ['decline', 'us', [480, 620], 500],
    ['unavailable', 'us', [480, 620], 250],
    ['unknown', 'de', [425], 240],
  ] as const)(
    'to %s in %s fails with its tone, which ends by itself',
    async ([to, country, pitchesHz, burstMs]) => {
      const phone = await agent({ country });
      const call = await phone.connect(to);
      await phone.next(`call ${call}`, 'disconnect');
      await soundsPlay(phone, 1);
      const file = await decode(phone.page);
      expectPitches(file, ...pitchesHz);
      expectNoClick(file, 620);
      const count = Math.round(4_000 / (2 * burstMs));
      expectBursts(file, ...Array.from({ length: count }, (_, at) => [2 * burstMs * at, burstMs] as const));
      expectPitches(await record(phone.page, 1_000), ...pitchesHz);
      await soundsPlay(phone, 0);
      expect(await plays(phone.page)).toBe(1);
    },
  );

  test("plays the page's own file, and the tone where that cannot be loaded", async () => {
    const phone = await agent({ country: 'us', ringback: '/ringtone.wav', busy: '/nowhere.wav' });
    const ringing = await phone.connect('no-answer');
    await expect.poll(() => playing(phone.page)).toEqual([`${sandbox.url}/ringtone.wav`]);
    await phone.do(ringing, 'disconnect');
    const refused = await phone.connect('busy');
    await phone.next(`call ${refused}`, 'disconnect');
    await soundsPlay(phone, 1);
    expectPitches(await record(phone.page, 1_000), 480, 620);
  });
});

describe('a call that rings in', () => {
  test('is told by the ringer, and by call waiting while the agent talks', async () => {
    const phone = await agent({ country: 'de', ringtone: true });
    await sandbox.customer('tone').call('sounds');
    const first = await phone.incoming();
    await soundsPlay(phone, 1);
    expectNoClick(await decode(phone.page), 1_000);
    // Longer than its pause, wherever in the cadence the recording begins.
    const ringer = await record(phone.page, 6_000);
    expect(ringer.dbfs).toBeGreaterThan(-20);
    await phone.do(first.index, 'accept');
    await soundsPlay(phone, 0);
    await phone.hears(first.index, 440);
    await sandbox.customer('music').call('sounds');
    const second = await phone.incoming();
    await soundsPlay(phone, 1);
    const waiting = await decode(phone.page);
    expectBursts(waiting, [0, 200], [400, 200]);
    expectPitches(waiting, 425);
    expectPitches(await record(phone.page, 6_000), 425);
    await phone.do(second.index, 'reject');
    await soundsPlay(phone, 0);
    await phone.do(first.index, 'disconnect');
  });
});

test('keys are heard as they are sent', async () => {
  const phone = await agent({ digits: true });
  const call = await phone.connect('listener');
  await phone.next(`call ${call}`, 'accepted');
  await phone.do(call, 'sendDigits', '159#');
  await expect.poll(() => plays(phone.page)).toBe(4);
  await expect.poll(() => sandbox.customer('listener').received).toContain('159#');
  await phone.do(call, 'disconnect');
});

test('destroy() silences everything', async () => {
  const phone = await agent({});
  await phone.connect('no-answer');
  await soundsPlay(phone, 1);
  await phone.page.evaluate(() => {
    window.sdkPhone.device.destroy();
  });
  await soundsPlay(phone, 0);
  expect(await phone.counters()).toMatchObject({ connections: 0, tracks: 0, elements: 0, contexts: 0 });
});

test('unlock() works in a gesture and says so outside of one', async () => {
  const strict = await launchChromium({ args: ['--autoplay-policy=document-user-activation-required'] });
  try {
    const page = await (await strict.newContext()).newPage();
    const { token } = await sandbox.mintToken({ userUuid: 'quiet' });
    // Everything runs from the page's own script, and the console tells: what the test driver evaluates is a gesture.
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    await page.addInitScript((jwt) => {
      window.addEventListener('load', () => {
        window.sdkPhone.create({ token: jwt, sounds: { ringtone: true }, logLevel: 'silent' });
        const { device } = window.sdkPhone;
        const unlock = () => {
          device.audio.unlock().then(
            () => {
              console.log('unlocked');
            },
            (error: unknown) => {
              console.log((error as { code: string }).code);
            },
          );
        };
        for (const event of ['audioBlocked', 'incoming', 'registered'] as const)
          device.on(event, () => {
            console.log(event);
          });
        document.addEventListener('click', unlock);
        unlock();
        void device.register();
      });
    }, token);
    await page.addInitScript({ content: SOUND_LAB });
    await page.goto(`${sandbox.url}/phone.html`);
    await expect.poll(() => said).toContain('AUDIO_BLOCKED');
    await expect.poll(() => said).toContain('registered');
    await page.mouse.click(5, 5);
    await expect.poll(() => said).toContain('unlocked');
    await sandbox.customer('tone').call('quiet');
    await expect.poll(() => said).toContain('incoming');
    await expect.poll(() => page.evaluate(() => window.soundLab.playing().length)).toBe(1);
    expect(said).not.toContain('audioBlocked');
  } finally {
    await strict.close();
  }
});

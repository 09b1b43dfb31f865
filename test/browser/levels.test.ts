import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AudioLevel } from '../../src/index';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, type PhoneOptions, startPhoneSandbox } from '../support/phone';

/** A sine of a quarter of full scale: 20 log 0.25 - 3.01. */
const MICROPHONE = { amplitude: 0.25, levelDbfs: -15.05, peakDbfs: -12.04 };
/** Of the sandbox's tone, a sine: see src/sandbox/media/tone.ts. */
const FAR_END = { levelDbfs: -18, peakDbfs: -14.99 };
const SILENCE = { levelDbfs: -100, peakDbfs: -100 };
/** What the ear takes for the same; PCMU adds noise at -38 dB of the tone. */
const TOLERANCE_DB = 1;

/** Gain control would bring any microphone to the same level. */
const UNPROCESSED = `
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = ({ audio }) =>
    open({ audio: { ...audio, echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
`;

let sandbox: Sandbox;
let steady: ChromiumLab;
let talking: ChromiumLab;
const phones: Phone[] = [];

beforeAll(async () => {
  const { amplitude } = MICROPHONE;
  [sandbox, steady, talking] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micToneHz: 600, micTone: { amplitude } }),
    ChromiumLab.launch({
      micToneHz: 600,
      micTone: { amplitude, bursts: { toneMs: 500, pauseMs: 300 } },
    }),
  ]);
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.close();
});
afterAll(async () => {
  await Promise.all([steady.close(), talking.close()]);
  await sandbox.close();
});

async function onCall(
  browser: ChromiumLab,
  to: string,
  options: PhoneOptions = {},
): Promise<{ phone: Phone; call: number }> {
  const phone = await Phone.registered(browser, sandbox, { page: { initScript: UNPROCESSED }, ...options });
  phones.push(phone);
  const call = await phone.connect(to);
  await phone.next(`call ${call}`, 'accepted');
  return { phone, call };
}

/** The first level that three in a row agree on within a decibel: fading in and out are over then. */
function settledLevel(phone: Phone, call: number, event: 'inputLevel' | 'outputLevel'): Promise<AudioLevel> {
  return phone.page.evaluate(
    ([index, name]) =>
      new Promise<AudioLevel>((resolve) => {
        const live = window.sdkPhone.calls[index];
        const last: AudioLevel[] = [];
        const onLevel = (level: AudioLevel) => {
          last.push(level);
          const decibels = last.slice(-3).map(({ levelDbfs }) => levelDbfs);
          if (decibels.length < 3 || Math.max(...decibels) - Math.min(...decibels) > 1) return;
          live?.off(name, onLevel);
          resolve(level);
        };
        live?.on(name, onLevel);
      }),
    [call, event] as const,
  );
}

async function expectLevel(
  phone: Phone,
  call: number,
  event: 'inputLevel' | 'outputLevel',
  expected: AudioLevel,
): Promise<void> {
  await expect
    .poll(async () => {
      const { levelDbfs, peakDbfs } = await settledLevel(phone, call, event);
      const offDb = [levelDbfs - expected.levelDbfs, peakDbfs - expected.peakDbfs].map(Math.abs);
      return Math.max(...offDb) <= TOLERANCE_DB ? 'as expected' : { levelDbfs, peakDbfs };
    })
    .toBe('as expected');
}

describe('levels', () => {
  test('are those of the tones on both sides, and silence while muted or on hold', async () => {
    const { phone, call } = await onCall(steady, 'tone');
    expect(await phone.counters()).toMatchObject({ contexts: 0, tracks: 1 });
    await expectLevel(phone, call, 'inputLevel', MICROPHONE);
    await expectLevel(phone, call, 'outputLevel', FAR_END);

    await phone.do(call, 'mute', true);
    await expectLevel(phone, call, 'inputLevel', SILENCE);
    await expectLevel(phone, call, 'outputLevel', FAR_END);
    await phone.do(call, 'mute', false);
    await expectLevel(phone, call, 'inputLevel', MICROPHONE);

    await phone.do(call, 'hold', true);
    await expectLevel(phone, call, 'inputLevel', SILENCE);
    await phone.do(call, 'hold', false);
    await expectLevel(phone, call, 'inputLevel', MICROPHONE);
    expect(await phone.counters()).toMatchObject({ contexts: 0, tracks: 1 });
  });

  test('go on with another microphone, about ten times a second', async () => {
    const { phone, call } = await onCall(steady, 'tone');
    const devices = await phone.page.evaluate(() => window.sdkPhone.device.enumerateDevices());
    const other = devices
      .filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== 'default')
      .at(-1);
    await phone.do(call, 'setInputDevice', other?.deviceId);
    await expectLevel(phone, call, 'inputLevel', MICROPHONE);
    const perSecond = await phone.page.evaluate(
      ([index]) =>
        new Promise<number>((resolve) => {
          const atMs: number[] = [];
          window.sdkPhone.calls[index]?.on('inputLevel', () => {
            atMs.push(performance.now());
            if (atMs.length === 31) resolve((30 * 1000) / ((atMs.at(-1) ?? 0) - (atMs[0] ?? 0)));
          });
        }),
      [call] as const,
    );
    expect(perSecond).toBeGreaterThan(5);
    expect(perSecond).toBeLessThan(15);
    expect(await phone.counters()).toMatchObject({ contexts: 1, tracks: 1 });
    await phone.do(call, 'disconnect');
    expect(await phone.counters()).toMatchObject({ contexts: 0, tracks: 0 });
  });

  test('of fifty calls leave no audio context, track or listener behind', { timeout: 180_000 }, async () => {
    const phone = await Phone.registered(steady, sandbox);
    phones.push(phone);
    const before = await phone.counters();
    const levels = await phone.page.evaluate(async () => {
      let count = 0;
      for (let round = 0; round < 50; round += 1) {
        const call = await window.sdkPhone.device.connect({ to: 'tone' });
        const ended = new Promise((resolve) => call.once('disconnect', resolve));
        call.on('inputLevel', () => (count += 1)).on('speakingWhileMuted', () => undefined);
        call.once('accepted', () => {
          call.mute(true);
          call.once('outputLevel', () => void call.disconnect());
        });
        await ended;
      }
      return count;
    });
    expect(levels).toBeGreaterThan(0);
    const { contexts, tracks, listeners } = before;
    expect(await phone.counters()).toMatchObject({ contexts, tracks, listeners });
    expect(before).toMatchObject({ contexts: 0, tracks: 0 });
  });
});

/** How often it was said while so many levels of the other side came, ten a second. */
function saidWithin(phone: Phone, call: number, levels: number): Promise<number> {
  return phone.page.evaluate(
    ([index, most]) =>
      new Promise<number>((resolve) => {
        let [said, seen] = [0, 0];
        const onSaid = () => {
          said += 1;
        };
        const onLevel = () => {
          seen += 1;
          if (seen < most) return;
          live?.off('speakingWhileMuted', onSaid).off('outputLevel', onLevel);
          resolve(said);
        };
        const live = window.sdkPhone.calls[index]
          ?.on('speakingWhileMuted', onSaid)
          .on('outputLevel', onLevel);
      }),
    [call, levels] as const,
  );
}

describe('speaking while muted', () => {
  test('is said when the agent talks, on a copy that is there for no longer than that', async () => {
    const { phone, call } = await onCall(talking, 'echo');
    expect(await saidWithin(phone, call, 20)).toBe(0);
    await phone.do(call, 'mute', true);
    const saying = saidWithin(phone, call, 60);
    await expect.poll(async () => phone.counters()).toMatchObject({ contexts: 1, tracks: 2 });
    await phone.hearsNobody(call);
    expect(await saying).toBe(1);
    expect(await phone.counters()).toMatchObject({ contexts: 0, tracks: 1 });
  });

  test('is not said of a steady sound', async () => {
    const { phone, call } = await onCall(steady, 'tone');
    await phone.do(call, 'mute', true);
    expect(await saidWithin(phone, call, 30)).toBe(0);
  });
});

describe('a page whose policy has no script-src blob:', () => {
  const POLICY = "script-src 'self'";

  async function restricted(media: object): Promise<{ phone: Phone; call: number }> {
    const { phone, call } = await onCall(steady, 'tone', {
      device: { media },
      page: { initScript: UNPROCESSED },
    });
    await phone.page.evaluate((content) => {
      const meta = document.createElement('meta');
      meta.httpEquiv = 'Content-Security-Policy';
      meta.content = content;
      document.head.append(meta);
    }, POLICY);
    return { phone, call };
  }

  test('is told once that levels are unsupported, and talks on', async () => {
    const { phone, call } = await restricted({});
    await phone.page.evaluate(
      ([index]) => {
        for (const event of ['inputLevel', 'outputLevel'] as const)
          window.sdkPhone.calls[index]?.on(event, () => undefined);
      },
      [call] as const,
    );
    const { args } = await phone.next(`call ${call}`, 'error');
    expect(args[0]).toMatchObject({ code: 'UNSUPPORTED' });
    await phone.hears(call, 440);
    expect(await phone.counters()).toMatchObject({ contexts: 0, tracks: 1 });
    const errors = await phone.page.evaluate(
      () => (window.sdkPhone as unknown as { events: { event: string }[] }).events,
    );
    expect(errors.filter(({ event }) => event === 'error')).toHaveLength(1);
  });

  test('has levels with a copy of the worklet of its own', async () => {
    const { phone, call } = await restricted({ levelWorkletUrl: '/dist/level-worklet.js' });
    await expectLevel(phone, call, 'inputLevel', MICROPHONE);
    await expectLevel(phone, call, 'outputLevel', FAR_END);
  });
});

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab, type ChromiumPage } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

declare global {
  interface Window {
    /** The audio elements of the page; see `INIT`. */
    elementsMade: (HTMLAudioElement & { captureStream(): MediaStream })[];
  }
}

const INIT = `
  window.elementsMade = [];
  const NativeAudio = window.Audio;
  window.Audio = function (...args) {
    const element = new NativeAudio(...args);
    window.elementsMade.push(element);
    return element;
  };
`;

let sandbox: Sandbox;
let browser: ChromiumLab;
const phones: Phone<ChromiumPage>[] = [];

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

/** What the element of the far end plays, in dBFS, over half a second; -120 is nothing at all. */
function played(phone: Phone<ChromiumPage>): Promise<number> {
  return phone.page.evaluate(async () => {
    const element = window.elementsMade.find(({ srcObject }) => srcObject !== null);
    if (!element || element.paused) return -120;
    const context = new AudioContext();
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    context.createMediaStreamSource(element.captureStream()).connect(analyser);
    // Half a second by the clock of the audio: a busy machine may take longer for it.
    const stretch = new ConstantSourceNode(context, { offset: 0 });
    stretch.connect(context.destination);
    const isOver = new Promise((resolve) => {
      stretch.addEventListener('ended', resolve, { once: true });
    });
    stretch.start();
    stretch.stop(context.currentTime + 0.5);
    await isOver;
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    await context.close();
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return 10 * Math.log10(power + 1e-12);
  });
}

function errors(phone: Phone<ChromiumPage>): Promise<unknown[]> {
  return phone.page.evaluate(() =>
    window.sdkPhone.events.filter(({ event }) => event === 'error').map(({ args }) => args),
  );
}

/** The element of the far end is paused by somebody else than the SDK, as a browser does when a headset is pulled out. */
function interrupt(phone: Phone<ChromiumPage>): Promise<void> {
  return phone.page.evaluate(() => {
    window.elementsMade.find(({ srcObject }) => srcObject !== null)?.pause();
  });
}

test('a far end that the browser stops playing is heard again', async () => {
  const phone = await Phone.registered(browser, sandbox, { page: { initScript: INIT } });
  phones.push(phone);
  const call = await phone.connect('tone');
  await phone.next(`call ${call}`, 'accepted');
  await expect.poll(() => played(phone), { timeout: 10_000 }).toBeGreaterThan(-40);
  await interrupt(phone);
  await expect.poll(() => played(phone), { timeout: 5_000 }).toBeGreaterThan(-40);
  expect(await errors(phone)).toEqual([]);
});

// Its audio is not captured: in Chromium that ends the stream which is loaded anew.
test('what the browser stops again and again is given up with an error', async () => {
  const phone = await Phone.registered(browser, sandbox, { page: { initScript: INIT } });
  phones.push(phone);
  const call = await phone.connect('tone');
  await phone.next(`call ${call}`, 'accepted');
  await phone.hears(call, 440);
  await phone.page.evaluate(() => {
    for (const element of window.elementsMade)
      element.addEventListener('playing', () => {
        element.pause();
      });
  });
  await interrupt(phone);
  const { args } = await phone.next(`call ${call}`, 'error', 20_000);
  expect(args).toMatchObject([{ code: 'AUDIO_FAILED' }]);
  expect(await phone.do(call, 'getStatus')).toBe('accepted');
});

test('a track that ends, and a call that ends, are no fault', async () => {
  const phone = await Phone.registered(browser, sandbox, { page: { initScript: INIT } });
  phones.push(phone);
  const call = await phone.connect('tone');
  await phone.next(`call ${call}`, 'accepted');
  await expect.poll(() => played(phone), { timeout: 10_000 }).toBeGreaterThan(-40);
  // What a far end that takes its track back does to the stream.
  const state = await phone.page.evaluate(async () => {
    const element = window.elementsMade.find(({ srcObject }) => srcObject !== null);
    const [track] = (element?.srcObject as MediaStream).getAudioTracks();
    track?.stop();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    return { ended: element?.ended, active: (element?.srcObject as MediaStream).active };
  });
  expect(state).toMatchObject({ active: false });
  expect(await errors(phone)).toEqual([]);
});

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Browser } from 'playwright-core';
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import { findChromium, launchChromium, type ChromiumOptions } from '../support/chromium';
import { startStaticServer, type StaticServer } from '../support/static-server';

let server: StaticServer;
let browser: Browser | undefined;

beforeAll(async () => {
  server = await startStaticServer({ pages: { '/': '<!doctype html><title>lab</title>' } });
});

afterEach(async () => {
  await browser?.close();
  browser = undefined;
});

afterAll(async () => {
  await server.close();
});

async function openPage(options: ChromiumOptions): Promise<Awaited<ReturnType<Browser['newPage']>>> {
  browser = await launchChromium(options);
  const page = await browser.newPage();
  await page.goto(server.url);
  return page;
}

function temporaryMicrophones(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('voice-sdk-mic-'));
}

describe('the laboratory browser', () => {
  it.each([440, 1000])('hears a pure tone of %i Hz in its microphone', async (micToneHz) => {
    const page = await openPage({ micToneHz });
    const { pitchHz, resolutionHz } = await page.evaluate(async () => {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      analyser.fftSize = 8192;
      analyser.smoothingTimeConstant = 0;
      context.createMediaStreamSource(stream).connect(analyser);
      const levels = new Float32Array(analyser.frequencyBinCount);
      const resolution = context.sampleRate / analyser.fftSize;
      // The loudest frequency, once it has stayed the same for longer than the analyser's window of 171 ms: before,
      // the window holds the onset of the tone, which is no pure tone.
      let loudest = -1;
      let sinceMs = performance.now();
      for (;;) {
        await new Promise((frame) => requestAnimationFrame(frame));
        analyser.getFloatFrequencyData(levels);
        const peak = Math.max(...levels);
        const index = peak > -40 ? levels.indexOf(peak) : -1;
        if (index !== loudest) {
          loudest = index;
          sinceMs = performance.now();
        }
        if (index >= 0 && performance.now() - sinceMs > 400)
          return { pitchHz: index * resolution, resolutionHz: resolution };
      }
    });
    expect(Math.abs(pitchHz - micToneHz)).toBeLessThanOrEqual(resolutionHz);
  });

  it.each([0, 2])('has three microphones, three speakers and %i cameras', async (cameraCount) => {
    const page = await openPage({ cameraCount });
    const kinds = await page.evaluate(async () => {
      const devices = await navigator.mediaDevices.enumerateDevices();
      return devices.map(({ kind }) => kind);
    });
    const count = (wanted: string): number => kinds.filter((kind) => kind === wanted).length;
    expect([count('audioinput'), count('audiooutput'), count('videoinput')]).toEqual([3, 3, cameraCount]);
  });

  it('removes its microphone file when it closes', async () => {
    const before = temporaryMicrophones();
    const page = await openPage({ micToneHz: 500 });
    const own = temporaryMicrophones().filter((name) => !before.includes(name));
    expect(own).toHaveLength(1);
    await page.context().browser()?.close();
    await expect.poll(() => temporaryMicrophones().filter((name) => own.includes(name))).toEqual([]);
  });
});

describe('a machine without a browser', () => {
  it('is told how to get one', () => {
    expect(() => findChromium({ CHROMIUM_PATH: '/nowhere/chromium' })).toThrow(/apt-get install chromium/);
    expect(() => findChromium({ CHROMIUM_PATH: '/nowhere/chromium' })).toThrow(/set CHROMIUM_PATH/);
  });
});

// What noise suppression costs: the delay that it adds to the microphone, and processor time of the whole browser in one
// call, with and without it in turn.
import { importTs } from '../tools/import-ts.mjs';

const { launchChromium } = await importTs(new URL('../support/chromium.ts', import.meta.url));
const { noisySpeechWav } = await importTs(new URL('../support/noisy-speech.ts', import.meta.url));

const ROUNDS = 6;
const WINDOW_MS = 5_000;

/** Seconds of processor time so far, of all processes of the browser. */
async function cpuSeconds(cdp) {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Percent of one core over a while. */
async function cpuPercent(cdp) {
  const [startedAtMs, before] = [performance.now(), await cpuSeconds(cdp)];
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  return (((await cpuSeconds(cdp)) - before) * 100_000) / (performance.now() - startedAtMs);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** In the page: both sounds side by side into one recorder, and how much the second lags behind. */
async function measureDelay() {
  const { createNoiseSuppression } = await import('/dist/noise-suppression/index.js');
  const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: off });
  const suppression = createNoiseSuppression();
  const startedAtMs = performance.now();
  await suppression.load();
  const loadedAtMs = performance.now();
  const processed = await suppression.process(stream.getAudioTracks()[0]);
  const readyAtMs = performance.now();
  const context = new AudioContext({ sampleRate: 48_000 });
  const source = `registerProcessor('recorder', class extends AudioWorkletProcessor {
    process([[raw = new Float32Array(128)], [done = new Float32Array(128)]]) {
      this.port.postMessage([raw.slice(), done.slice()]);
      return true;
    }
  });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const recorder = new AudioWorkletNode(context, 'recorder', { numberOfInputs: 2 });
  const [raw, done] = [[], []];
  recorder.port.onmessage = ({ data }) => {
    raw.push(...data[0]);
    done.push(...data[1]);
  };
  context.createMediaStreamSource(stream).connect(recorder, 0, 0);
  context.createMediaStreamSource(new MediaStream([processed])).connect(recorder, 0, 1);
  recorder.connect(context.destination);
  await new Promise((resolve) => setTimeout(resolve, 9_000));
  await context.close();
  suppression.release(processed);
  for (const track of [...stream.getTracks(), processed]) track.stop();
  let best = { lag: 0, product: 0 };
  for (let lag = 0; lag < 9_600; lag += 4) {
    let product = 0;
    for (let at = 96_000; at < 300_000; at += 7) product += raw[at] * (done[at + lag] ?? 0);
    if (product > best.product) best = { lag, product };
  }
  return { delayMs: best.lag / 48, loadMs: loadedAtMs - startedAtMs, startMs: readyAtMs - loadedAtMs };
}

/** @param openPage opens a page with `window.bench.device` registered in a browser */
export async function benchNoiseSuppression(openPage) {
  const browser = await launchChromium({ micWav: noisySpeechWav() });
  try {
    const page = await openPage(browser);
    const delays = [];
    for (let round = 0; round < 3; round += 1) delays.push(await page.evaluate(measureDelay));
    const of = (key) => median(delays.map((one) => one[key])).toFixed(0);
    console.log(
      `noise suppression: ${of('delayMs')} ms more delay; loaded in ${of('loadMs')} ms, started in ${of('startMs')} ms`,
    );
    const cdp = await browser.newBrowserCDPSession();
    await page.evaluate(async () => {
      const { createNoiseSuppression } = await import('/dist/noise-suppression/index.js');
      window.bench.suppression = createNoiseSuppression();
      await window.bench.suppression.load();
      const call = await window.bench.device.connect({ to: 'tone' });
      await new Promise((resolve) => call.once('accepted', resolve));
      window.bench.call = call;
    });
    const rows = [];
    // One of each to warm up, then in turn, so that whatever the machine does meets both.
    for (let round = -1; round < ROUNDS; round += 1) {
      const without = await cpuPercent(cdp);
      await page.evaluate(() => window.bench.device.audio.addProcessor(window.bench.suppression));
      const suppressed = await cpuPercent(cdp);
      await page.evaluate(() => window.bench.device.audio.removeProcessor(window.bench.suppression));
      if (round >= 0) rows.push([without, suppressed, suppressed - without]);
    }
    const figures = [0, 1, 2].map((at) =>
      median(rows.map((row) => row[at]))
        .toFixed(2)
        .padStart(10),
    );
    console.log(
      `${'% of one core in a call'.padEnd(52)}${['without', 'with', 'more'].map((word) => word.padStart(10)).join('')}`,
    );
    console.log(`${'noise suppression'.padEnd(52)}${figures.join('')}`);
    await page.evaluate(() => window.bench.call.disconnect());
    await cdp.detach();
  } finally {
    await browser.close();
  }
}

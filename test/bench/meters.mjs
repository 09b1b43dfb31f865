// What it costs to listen to levels: processor time of the threads that meters run on, in one call, with and without
// listeners in turn. By thread and not of the whole browser: the call itself takes 17 % of a core, and varies by more than
// meters cost. Linux only.
import { readdir, readFile } from 'node:fs/promises';

const ROUNDS = 6;
const WINDOW_MS = 8_000;
/** What is measured is listening, and not that a listener comes: a context opens, a worklet is loaded and compiled. */
const SETTLING_MS = 3_000;
/**
 * Of a renderer, as Chromium names them: `main` with the one that hands messages over. The pool has the clock of a context
 * that plays on no device.
 */
const THREADS = { main: /^[Cc]hrom/, worklet: /^Realtime AudioW/, pool: /^ThreadPool/ };
const KINDS = Object.keys(THREADS);

const CASES = [
  ['inputLevel and outputLevel', ['inputLevel', 'outputLevel'], false],
  ['speakingWhileMuted', ['speakingWhileMuted'], true],
];

/** By thread: its kind, and nanoseconds of processor time so far. */
async function spentByThread(cdp) {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const spent = new Map();
  for (const { id } of processInfo.filter(({ type }) => type === 'renderer')) {
    // Processes and threads may end between one question and the next.
    for (const thread of await readdir(`/proc/${id}/task`).catch(() => [])) {
      const read = (file) => readFile(`/proc/${id}/task/${thread}/${file}`, 'utf8');
      const [name, times] = await Promise.all([read('comm'), read('schedstat')]).catch(() => ['', '']);
      const kind = KINDS.find((one) => THREADS[one].test(name));
      if (kind) spent.set(thread, { kind, ns: Number(times.split(' ')[0]) });
    }
  }
  return spent;
}

/** Percent of one core over a while, by kind of thread. */
async function cpuPercent(cdp) {
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  const [startedAtMs, before] = [performance.now(), await spentByThread(cdp)];
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  const [ms, after] = [performance.now() - startedAtMs, await spentByThread(cdp)];
  const percent = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (const [thread, { kind, ns }] of after)
    percent[kind] += (ns - (before.get(thread)?.ns ?? 0)) / 1e4 / ms;
  return percent;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** @param page with `window.bench.device` registered */
export async function benchMeters(browser, page) {
  const cdp = await browser.newBrowserCDPSession();
  const columns = [...KINDS, 'sum'].map((word) => word.padStart(10)).join('');
  console.log(`${'% of one core more, with listeners of'.padEnd(52)}${columns}${'levels'.padStart(7)}`);
  for (const [name, events, isMuted] of CASES) {
    await page.evaluate(async (muted) => {
      const call = await window.bench.device.connect({ to: 'tone' });
      await new Promise((resolve) => call.once('accepted', resolve));
      call.mute(muted);
      window.bench.call = call;
      window.bench.levels = 0;
      window.bench.onLevel = () => (window.bench.levels += 1);
    }, isMuted);
    const listen = (method) =>
      page.evaluate(
        ([how, names]) => {
          for (const event of names) window.bench.call[how](event, window.bench.onLevel);
        },
        [method, events],
      );
    const rows = [];
    // One of each to warm up, then in turn, so that whatever the machine does meets both.
    for (let round = -1; round < ROUNDS; round += 1) {
      const without = await cpuPercent(cdp);
      await listen('on');
      const withListeners = await cpuPercent(cdp);
      await listen('off');
      if (round >= 0) rows.push(KINDS.map((kind) => withListeners[kind] - without[kind]));
    }
    const more = KINDS.map((_, at) => median(rows.map((row) => row[at])));
    const figures = [...more, more.reduce((sum, one) => sum + one)].map((one) => one.toFixed(2).padStart(10));
    const levels = await page.evaluate(() => window.bench.levels);
    console.log(`${name.padEnd(52)}${figures.join('')}${String(levels).padStart(7)}`);
    await page.evaluate(() => window.bench.call.disconnect());
  }
  await cdp.detach();
}

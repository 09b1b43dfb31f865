// What it costs to listen to levels: processor time of the whole browser in one call, with and without listeners in turn.

const ROUNDS = 6;
const WINDOW_MS = 4_000;

const CASES = [
  ['inputLevel and outputLevel', ['inputLevel', 'outputLevel'], false],
  ['speakingWhileMuted', ['speakingWhileMuted'], true],
];

/** Seconds of processor time so far, of all processes of the browser. */
async function cpuSeconds(cdp) {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Percent of one core over a while. */
async function cpuPercent(cdp) {
  const [startedAtMs, before] = [performance.now(), await cpuSeconds(cdp)];
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  const spent = (await cpuSeconds(cdp)) - before;
  return (spent * 100_000) / (performance.now() - startedAtMs);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** @param page with `window.bench.device` registered */
export async function benchMeters(browser, page) {
  const cdp = await browser.newBrowserCDPSession();
  const columns = ['without', 'with', 'more'].map((word) => word.padStart(10)).join('');
  console.log(`${'% of one core in a call, with listeners of'.padEnd(52)}${columns}${'levels'.padStart(7)}`);
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
      if (round >= 0) rows.push([without, withListeners, withListeners - without]);
    }
    const figures = [0, 1, 2].map((at) =>
      median(rows.map((row) => row[at]))
        .toFixed(2)
        .padStart(10),
    );
    const levels = await page.evaluate(() => window.bench.levels);
    console.log(`${name.padEnd(52)}${figures.join('')}${String(levels).padStart(7)}`);
    await page.evaluate(() => window.bench.call.disconnect());
  }
  await cdp.detach();
}

// `npm run bench`: what a call costs in time, by this SDK and by raw JsSIP side by side on one sandbox, and what it costs to
// sample its quality, to measure levels and to suppress noise. Both open
// the microphone for each call, as they do in use. Medians of as many calls each; trust the ratios, not the figures.
//   npm run bench -- --calls 20
//   npm run bench -- --rows meters,noise
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { startSandbox } from '../../dist/sandbox/index.js';
import { importTs } from '../tools/import-ts.mjs';
import { benchMeters } from './meters.mjs';
import { benchNoiseSuppression } from './noise-suppression.mjs';

const ROWS = ['calls', 'sampling', 'meters', 'noise'];
const { values } = parseArgs({
  options: { calls: { type: 'string', default: '20' }, rows: { type: 'string', default: ROWS.join() } },
});
const wanted = new Set(values.rows.split(','));
for (const name of wanted) if (!ROWS.includes(name)) throw new Error(`no rows ${name}: ${ROWS.join(', ')}`);
const CALLS = Number(values.calls);
/** On one call: so many samples in each second of a round. */
const MONITORS = 10;
/** Of 30 looks, from one in which all that a report says is read to the next: not every look costs the same. */
const LOOKS = 30;
const SAMPLING_MS = 1000 * (LOOKS - 1) + 500;
const SAMPLING_ROUNDS = 3;
const WARM_UP_MS = 10_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
(await importTs(new URL('../tools/require-build.ts', import.meta.url))).setup();
const { launchChromium } = await importTs(new URL('../support/chromium.ts', import.meta.url));

async function jssipBundle() {
  const { outputFiles } = await build({
    stdin: { contents: "import JsSIP from 'jssip'; window.JsSIP = JsSIP;", resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    define: { global: 'globalThis' },
  });
  return outputFiles[0].text;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function row(name, rows) {
  const column = (key) =>
    (rows[0]?.[key] === undefined ? '-' : median(rows.map((one) => one[key])).toFixed(0)).padStart(10);
  console.log(
    `${name.padEnd(52)}${column('invite')}${column('accepted')}${column('audio')}${String(rows.length).padStart(7)}`,
  );
}

/** The part that samples calls, on its own. */
async function monitorBundle() {
  const { outputFiles } = await build({
    stdin: {
      contents:
        "import { QualityMonitor } from './src/quality/monitor'; window.QualityMonitor = QualityMonitor;",
      resolveDir: ROOT,
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
  });
  return outputFiles[0].text;
}

/** Processor time that the main thread's tasks took since the page was opened, in ms, by the browser's own account. */
async function taskMs(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
}

/** What one sample of a call costs the main thread, beside what the call costs without: there is one a second. */
async function sampling(browser, sandbox, scripts) {
  const page = await openPage(browser, sandbox, [...scripts, await monitorBundle()], []);
  const session = await page.context().newCDPSession(page);
  // Of the processor and not of the clock: what other processes of the machine take is not the page's cost.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.evaluate(() => window.bench.talk('tone'));
  const round = async (monitors, durationMs = SAMPLING_MS) => {
    const beforeMs = await taskMs(session);
    const samples = await page.evaluate(
      ([count, ms]) => window.bench.sample(count, ms),
      [monitors, durationMs],
    );
    return { samples, cpuMs: (await taskMs(session)) - beforeMs };
  };
  await round(MONITORS, WARM_UP_MS);
  const costs = [];
  for (let turn = 0; turn < SAMPLING_ROUNDS; turn += 1) {
    const without = await round(0);
    const { samples, cpuMs } = await round(MONITORS);
    // The first look of each has nothing to compare with: no sample comes of it.
    const looks = samples + MONITORS;
    if (Math.abs(looks - MONITORS * LOOKS) > MONITORS)
      throw new Error(`${looks} looks where ${MONITORS * LOOKS} were due`);
    costs.push((cpuMs - without.cpuMs) / looks);
  }
  await page.evaluate(() => window.bench.endTalk());
  await page.close();
  console.log(
    `\nquality sampling: ${median(costs).toFixed(2)} ms of the main thread's processor time for each call and second ` +
      `(median of ${SAMPLING_ROUNDS} rounds of ${MONITORS} times ${LOOKS} looks, less the same time without)`,
  );
}

async function openPage(browser, sandbox, scripts, iceServers) {
  const page = await browser.newPage();
  await page.goto(`${sandbox.url}/dist/index.global.js`);
  await page.setContent('<!doctype html><title>bench</title>');
  for (const content of scripts) await page.addScriptTag({ content });
  const { token } = await sandbox.mintToken({ userUuid: 'bench' });
  const answer = await fetch(`${sandbox.url}/open/sdk/credentials`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const credentials = await answer.json();
  await page.evaluate((given) => window.bench.start(given), { token, credentials, iceServers });
  return page;
}

/** What a call takes until the far end is heard. */
async function calls(browser, sandbox, scripts, port) {
  const dead = [{ urls: `stun:127.0.0.1:${port}` }];
  console.log(
    `${'ms from connect() to'.padEnd(52)}${['INVITE', 'accepted', 'audio', 'calls'].map((word, at) => word.padStart(at === 3 ? 7 : 10)).join('')}`,
  );
  for (const [name, iceServers] of [
    ['no ICE servers', []],
    ['a STUN server that never answers', dead],
  ]) {
    const page = await openPage(browser, sandbox, scripts, iceServers);
    const sdk = [];
    const raw = [];
    // One of each to warm up, then in turn, so that whatever the machine does meets both.
    for (let call = -1; call < CALLS; call += 1) {
      const ours = await page.evaluate(() => window.bench.sdk('tone'));
      const theirs = await page.evaluate((servers) => window.bench.raw('tone', servers), iceServers);
      if (call < 0) continue;
      sdk.push(ours);
      raw.push(theirs);
    }
    row(`${name}: this SDK`, sdk);
    row(`${name}: raw JsSIP, ready() at once`, raw);
    const waiting = await page.evaluate(
      ([servers, count]) => window.bench.rawInvites('tone', servers, count),
      [iceServers, CALLS],
    );
    row(
      `${name}: raw JsSIP, side by side`,
      waiting.map((invite) => ({ invite })),
    );
    await page.close();
  }
}

const sandbox = await startSandbox({
  staticDirs: { '/dist/': `${ROOT}dist` },
  limits: { messagesPerSecond: 2000, requestsPerSecond: 500 },
});
const browser = await launchChromium({ micToneHz: 500 });
const mute = createSocket('udp4');
await new Promise((bound) => mute.bind(0, '127.0.0.1', bound));
try {
  const scripts = [
    await jssipBundle(),
    await readFile(`${ROOT}dist/index.global.js`, 'utf8'),
    await readFile(new URL('page.js', import.meta.url), 'utf8'),
  ];
  if (wanted.has('calls')) await calls(browser, sandbox, scripts, mute.address().port);
  if (wanted.has('sampling')) await sampling(browser, sandbox, scripts);
  if (wanted.has('meters')) {
    const page = await openPage(browser, sandbox, scripts, []);
    await benchMeters(browser, page);
    await page.close();
  }
  if (wanted.has('noise')) await benchNoiseSuppression((other) => openPage(other, sandbox, scripts, []));
} finally {
  mute.close();
  await browser.close();
  await sandbox.close();
}

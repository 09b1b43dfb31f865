// `npm run bench`: what a call costs in time, by this SDK and by raw JsSIP side by side on one sandbox. Both open
// the microphone for each call, as they do in use. Medians of as many calls each; trust the ratios, not the figures.
//   npm run bench -- --calls 20
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { startSandbox } from '../../dist/sandbox/index.js';
import { importTs } from '../tools/import-ts.mjs';

const { values } = parseArgs({ options: { calls: { type: 'string', default: '20' } } });
const CALLS = Number(values.calls);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
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
  const dead = [{ urls: `stun:127.0.0.1:${mute.address().port}` }];
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
} finally {
  mute.close();
  await browser.close();
  await sandbox.close();
}

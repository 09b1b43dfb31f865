import { build } from 'esbuild';
import { afterEach, expect, test } from 'vitest';
import { type HiddenTab, openHiddenTab } from '../support/hidden-tab';
import { startStaticServer, type StaticServer } from '../support/static-server';

let server: StaticServer | undefined;
let tab: HiddenTab | undefined;

afterEach(async () => {
  await tab?.close();
  await server?.close();
  tab = undefined;
  server = undefined;
});

/** Both kinds of timer, one second each, over and over; `gaps` holds what the last ones took, in milliseconds. */
const PROGRAM = `
  import { startTimer } from './clock';
  import { startSteadyTimer } from './steady-timer';
  globalThis.gaps = { plain: [], steady: [] };
  for (const [name, start] of [['plain', startTimer], ['steady', startSteadyTimer]]) {
    let atMs = performance.now();
    const next = () => start(1000, () => {
      globalThis.gaps[name].push(performance.now() - atMs);
      atMs = performance.now();
      next();
    });
    next();
  }`;

async function openPage(policy: string): Promise<HiddenTab> {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: 'src/core', loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
  });
  const head = policy && `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const script = `<script>${outputFiles[0]?.text ?? ''}</script>`;
  server = await startStaticServer({
    pages: { '/': `<!doctype html>${head}<title>hidden</title>${script}` },
  });
  tab = await openHiddenTab(server.url);
  return tab;
}

/** What the timers of the page have come to when it is throttled: none for six seconds. */
async function whenThrottled(page: HiddenTab): Promise<{ readonly plain: number; readonly steady: number }> {
  const count = (name: string) => page.evaluate(`gaps.${name}.length`) as Promise<number>;
  await expect.poll(() => page.evaluate('document.visibilityState')).toBe('hidden');
  let plain = -1;
  await expect
    .poll(
      async () => {
        const before = plain;
        plain = await count('plain');
        return before === plain;
      },
      { timeout: 40_000, interval: 6_000 },
    )
    .toBe(true);
  return { plain, steady: await count('steady') };
}

test('a steady timer keeps its time in a hidden tab, where those of the page stand still', async () => {
  const page = await openPage('');
  const before = await whenThrottled(page);
  await expect
    .poll(() => page.evaluate('gaps.steady.length') as Promise<number>, { timeout: 15_000, interval: 500 })
    .toBeGreaterThan(before.steady + 5);
  const last = (await page.evaluate('gaps.steady.slice(-5)')) as number[];
  for (const gapMs of last) expect(gapMs).toBeLessThan(1_500);
});

test('where a policy refuses its worker, a steady timer is one of the page, and nothing breaks', async () => {
  const page = await openPage("worker-src 'none'; script-src 'unsafe-inline'");
  await expect
    .poll(() => page.evaluate('gaps.steady.length') as Promise<number>, { timeout: 15_000 })
    .toBeGreaterThan(2);
  expect(await page.evaluate('gaps.plain.length')).toBeGreaterThan(0);
});

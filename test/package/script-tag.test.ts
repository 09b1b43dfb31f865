import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium';
import { startStaticServer, type StaticServer } from '../support/static-server';
import { ROOT } from './packed';

const { integrity } = JSON.parse(readFileSync(join(ROOT, 'dist-cdn/sri.json'), 'utf8')) as {
  integrity: string;
};

/** A digest of the right length that belongs to nothing. */
const WRONG_INTEGRITY = `sha384-${'A'.repeat(64)}`;

const page = (tag: string): string => `<!doctype html><title>page</title>${tag}`;

let server: StaticServer;
let browser: Browser;

beforeAll(async () => {
  server = await startStaticServer({
    folders: { '/dist/': join(ROOT, 'dist'), '/dist-cdn/': join(ROOT, 'dist-cdn') },
    pages: {
      '/dist.html': page('<script src="/dist/index.global.js"></script>'),
      '/cdn.html': page(`<script src="/dist-cdn/index.global.js" integrity="${integrity}"></script>`),
      '/tampered.html': page(
        `<script src="/dist-cdn/index.global.js" integrity="${WRONG_INTEGRITY}"></script>`,
      ),
    },
  });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

async function globalsOf(
  path: string,
): Promise<{ errors: string[]; exports: string[] | undefined; added: string[] }> {
  const tab = await browser.newPage();
  try {
    const errors: string[] = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    await tab.addInitScript(() => {
      Object.assign(window, { globalsBefore: Object.keys(window) });
    });
    await tab.goto(server.url + path);
    const found = await tab.evaluate(() => {
      const { globalsBefore, TwoChatVoice } = window as unknown as {
        globalsBefore: string[];
        TwoChatVoice?: Record<string, unknown>;
      };
      const before = new Set([...globalsBefore, 'globalsBefore']);
      return {
        exports:
          TwoChatVoice &&
          Object.keys(TwoChatVoice).filter((name) => typeof TwoChatVoice[name] === 'function'),
        added: Object.keys(window).filter((name) => !before.has(name)),
      };
    });
    return { errors, ...found };
  } finally {
    await tab.close();
  }
}

it.each(['/dist.html', '/cdn.html'])('%s finds Device on the one global TwoChatVoice', async (path) => {
  const { errors, exports, added } = await globalsOf(path);
  expect(errors).toEqual([]);
  expect(exports).toEqual(expect.arrayContaining(['Device', 'VoiceSDKError']));
  expect(added).toEqual(['TwoChatVoice']);
});

it('a script that does not match the integrity value does not run', async () => {
  expect((await globalsOf('/tampered.html')).exports).toBeUndefined();
});

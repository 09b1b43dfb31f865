import { networkInterfaces } from 'node:os';
import { chromium } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index';
import { findChromium } from '../../support/chromium';
import { startStaticServer, type StaticServer } from '../../support/static-server';
import { BrowserAgent } from './support/browser-agent';

/** Without an interface besides loopback, Chromium gathers nothing unless it is told to use that. */
const hasNetwork = Object.values(networkInterfaces())
  .flat()
  .some((address) => address !== undefined && !address.internal && address.family === 'IPv4');

describe('a browser as it comes, which hides its addresses behind mDNS names', () => {
  let sandbox: Sandbox;
  let page: StaticServer;

  beforeEach(async () => {
    sandbox = await startSandbox();
    page = await startStaticServer({ pages: { '/': '<!doctype html><title>phone</title>' } });
  });

  afterEach(async () => {
    await page.close();
    await sandbox.close();
  });

  it('speaks with customers all the same, in both directions of the call', async () => {
    const browser = await chromium.launch({
      executablePath: findChromium(),
      args: [
        '--no-sandbox',
        '--disable-dev-shm-usage',
        '--autoplay-policy=no-user-gesture-required',
        ...(hasNetwork ? [] : ['--allow-loopback-in-peer-connection']),
      ],
    });
    const alice = await BrowserAgent.open(browser, page.url, sandbox, 'alice');
    await alice.callWithTone('tone', 900);
    await alice.untilHears(440);
    const { localCandidates } = await alice.view();
    expect(localCandidates.filter((candidate) => candidate.includes('.local')).length).toBeGreaterThan(0);
    const call = sandbox.customer('tone').lastCall;
    await call?.hears({ hz: 900 });
    await browser.close();
    expect(call?.state).toBe('answered');
  });
});

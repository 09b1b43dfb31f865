/** What the example page shows of quality, devices, checks and reloads, as an agent sees it. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/index';
import { launchChromium } from '../support/chromium';
import { collectComplaints } from '../support/example-page';
import { UNPLUGGABLE } from '../support/unpluggable';

const pathTo = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const MICROPHONE_HZ = 440;
const HOSTILE_NAME = '<img src=x onerror=alert(1)> Ana';

/** Keeps the connections of the page, to look at the tracks that are really sent. */
const KEEP_CONNECTIONS = `(() => {
  const Original = RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Original {
    constructor(...given) {
      super(...given);
      window.connections.push(this);
    }
  };
})();`;

declare global {
  interface Window {
    connections: RTCPeerConnection[];
    /** Of the card, as they came. */
    states: (string | undefined)[];
  }
}

let sandbox: Sandbox;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([
    startSandbox({
      demo: true,
      staticDirs: { '/': pathTo('examples/vanilla-html'), '/dist/': pathTo('dist') },
    }),
    launchChromium({ micToneHz: MICROPHONE_HZ }),
  ]);
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  complaints = [];
  page = await open();
});

afterEach(async () => {
  await context.close();
  for (const customer of sandbox.customers) customer.hangup();
  await sandbox.waitForUnregistration('alice');
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

async function open(): Promise<Page> {
  const tab = await context.newPage();
  collectComplaints(tab, complaints);
  return tab;
}

const part = (testId: string, of: Page | Locator = page): Locator => of.getByTestId(testId);
const part$ = (testId: string, text: string | RegExp, of?: Page): Locator =>
  part(testId, of).getByText(text, { exact: true });

async function signIn(tab: Page = page): Promise<void> {
  await tab.goto(`${sandbox.url}/?agent=alice`);
  await part('sign-in', tab).click();
  await part$('status', 'Registered', tab).waitFor();
  await part('contact-echo', tab).waitFor();
}

async function call(name: string): Promise<void> {
  await part(`contact-${name}`).click();
  await part$('call-state', 'Connected').waitFor();
}

const isHeard = (tab: Page = page): Promise<unknown> =>
  tab.waitForFunction(() => {
    const bar = document.querySelector<HTMLElement>('[data-testid="far-level"]');
    return Number(bar?.style.getPropertyValue('--level') ?? Number.NaN) > 0.3;
  });

describe('the quality of a call', () => {
  it('has a grade, a score and figures, is unknown while on hold, and the card tells of a lost connection', async () => {
    await signIn();
    await call('echo');
    expect(await part('quality-grade').textContent()).toBe('unknown');
    await part$('quality-mos', /^[1-4]\.\d$/).waitFor();
    await part$('quality-grade', /^(Excellent|Good|Fair|Poor|Bad)$/).waitFor();
    await part('quality').locator('summary').press('Enter');
    await part$('quality-rtt', /^\d+ ms$/).waitFor();
    await part$('quality-jitter', /^\d+ ms$/).waitFor();
    await part$('quality-loss', /^\d+\.\d %$/).waitFor();
    await part$('quality-received', /^[1-9]\d* kbit\/s$/).waitFor();
    await part$('quality-sent', /^[1-9]\d* kbit\/s$/).waitFor();
    await part$('quality-codec', 'Opus, 48 kHz').waitFor();
    await part$('quality-path', /^Direct over UDP, /).waitFor();
    expect(await part('quality').locator('.sparkline-line').getAttribute('d')).toMatch(/^M/);
    // What changes each second is not read out.
    expect(await page.locator('[aria-live] [data-testid="quality"]').count()).toBe(0);

    await part('hold').click();
    await part$('quality-grade', 'unknown').waitFor();
    expect(await part('quality-mos').textContent()).toBe('');
    await part('hold').click();
    await part$('call-state', 'Connected').waitFor();

    await page.evaluate(() => {
      window.states = [];
      const card = document.querySelector<HTMLElement>('[data-testid="call-card"]');
      new MutationObserver(() => window.states.push(card?.dataset['state'])).observe(card ?? document, {
        attributes: true,
        attributeFilter: ['data-state'],
      });
    });
    sandbox.faults.dropSockets('alice');
    await part('log').getByText('The call with Echo is back').waitFor();
    await part$('call-state', 'Connected').waitFor();
    expect(await page.evaluate(() => window.states)).toContain('reconnecting');
    expect(await part('hints').locator('li').count()).toBe(0);
  });

  it('tells the agent of a silent far end, and sums up the call with feedback and a file for support', async () => {
    const secrets: string[] = [];
    page.on('response', async (response) => {
      if (!/\/demo\/token|\/credentials/.test(response.url())) return;
      const { token, password } = (await response.json()) as { token?: string; password?: string };
      secrets.push(...[token, password].filter((secret) => secret !== undefined));
    });
    await signIn();
    await call('listener');
    await part('hints').getByText('The far end sends only silence').waitFor();
    await part('quality').locator('summary').click();
    await part('quality-warnings').getByText('Far end is silent').waitFor();
    expect(await page.locator('#announcer').textContent()).toBe('Listener: Far end is silent');
    await part('hang-up').click();
    await part$('summary-warning', 'Far end is silent').waitFor();
    expect(await part('summary-duration').textContent()).toMatch(/^00:\d\d$/);
    expect(await part('hints').locator('li').count()).toBe(0);

    await part('feedback-2').check({ force: true });
    await part('feedback-oneWayAudio').check({ force: true });
    await part('feedback-comment').fill('<b>could not hear them</b>');
    await part('feedback-send').click();
    await part('feedback-thanks').waitFor();
    expect(await part('feedback').isVisible()).toBe(false);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      part('download-diagnostics').click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    const { calls } = JSON.parse(text) as { calls: { feedback?: unknown }[] };
    expect(calls.at(-1)?.feedback).toMatchObject({ score: 2, issues: ['oneWayAudio'] });
    expect(secrets.length).toBe(2);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe('devices', () => {
  it('are tested, moved to in a call, told of when they are unplugged, and remembered', async () => {
    await page.addInitScript({ content: KEEP_CONNECTIONS + UNPLUGGABLE });
    await signIn();
    await part$('permission', 'Microphone allowed').waitFor();
    await part('test-microphone').click();
    await page.waitForFunction(
      () => Number(document.getElementById('test-level')?.style.getPropertyValue('--level')) > 0.3,
    );
    await part('test-speaker').click();
    await part$('speaker-result', /^Two notes were played\./).waitFor();

    await page.getByText('Ringing and voice processing').click();
    await part('ringtone').selectOption('all');
    await part('log').getByText('Rings on: All speakers').waitFor();
    await part('noise-suppression').uncheck();
    await part('log').getByText('Noise suppression: off').waitFor();
    await part$('microphone-result', /^Heard you: loudest moment -\d+ dBFS\.$/).waitFor();

    await call('echo');
    const sentDevice = (): Promise<string | undefined> =>
      page.evaluate(() => window.connections.at(-1)?.getSenders()[0]?.track?.getSettings().deviceId);
    const before = await sentDevice();
    const options = part('microphone').locator('option');
    const label = (await options.last().textContent()) ?? '';
    const id = (await options.last().getAttribute('value')) ?? '';
    expect(id).not.toBe(before);
    await part('microphone').selectOption(id);
    await part('log').getByText(`Microphone: ${label}`).waitFor();
    expect(await sentDevice()).toBe(id);
    await isHeard();

    await page.evaluate((gone) => {
      window.unplug(gone);
    }, id);
    await part('notice-hot-plug-audioinput').getByText(`${label} is unplugged, now using `).waitFor();
    await page.waitForFunction(
      (gone) => window.connections.at(-1)?.getSenders()[0]?.track?.getSettings().deviceId !== gone,
      id,
    );
    await page.evaluate((back) => {
      window.plug(back);
    }, id);
    await part('notice-hot-plug-audioinput').getByText(`${label} is back and in use.`).waitFor();
    expect(await sentDevice()).toBe(id);
    await part('hang-up').click();

    await page.reload();
    await part$('status', 'Registered').waitFor();
    await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('#ringtone')?.value === 'all');
    expect(await part('microphone').inputValue()).toBe(id);
    expect(await part('noise-suppression').isChecked()).toBe(false);
  });
});

it('checks this computer, with a verdict and every check', async () => {
  await page.goto(`${sandbox.url}/?agent=alice`);
  await part('preflight-before').click();
  await part$('preflight-verdict', /^(This computer is ready for calls\.|Calls work, but )/).waitFor();
  for (const name of ['browser', 'microphone', 'credentials', 'webSocket', 'registration'])
    expect(await part(`check-${name}`).getAttribute('data-result')).toBe('passed');
  // On a machine that is busy with other tests the echo may sound poor.
  expect(await part('check-echoCall').getAttribute('data-result')).toMatch(/passed|warned/);
  expect(await part('check-turnTls').textContent()).toBe('TURN over TLSNone set up');
  await part('preflight-close').click();
  expect(await part('preflight-dialog').isVisible()).toBe(false);
});

describe('a reload in a call', () => {
  it('comes back with the card, the name as text, muted as before', async () => {
    await signIn();
    const far = await sandbox.customer('tone').call('alice', { displayName: HOSTILE_NAME });
    await part('accept').click();
    await part$('call-state', 'Connected').waitFor();
    await part('mute').click();
    await part$('call-state', 'Muted').waitFor();
    await page.reload();
    await part$('call-state', 'Muted').waitFor();
    await part$('status', 'Registered').waitFor();
    expect(await part('call-name').textContent()).toBe(HOSTILE_NAME);
    expect(await part('call-card').locator('img').count()).toBe(0);
    expect(await part('call-timer').textContent()).toMatch(/^00:\d\d$/);
    await isHeard();
    await part('mute').click();
    await far.hears({ hz: MICROPHONE_HZ });
    await part('hang-up').click();
    await far.waitFor('ended');
    await part('summary').waitFor();
  });
});

it('shows the call in a second tab of the agent, which mutes it, asks for no feedback, and takes over when the first is closed', async () => {
  await page.goto(`${sandbox.url}/?agent=alice`);
  await page.getByText('Options of the phone').click();
  await part('multi-tab').check();
  await signIn();
  await part$('role', 'Phone in this tab').waitFor();
  const other = await open();
  await signIn(other);
  await part$('role', 'Phone in another tab', other).waitFor();
  await page.bringToFront();
  await call('echo');

  await part$('call-state', 'Connected', other).waitFor();
  await part('elsewhere', other).waitFor();
  expect(await part('mic-level', other).isVisible()).toBe(false);
  expect(await part('quality', other).isVisible()).toBe(true);
  await part('mute', other).click();
  await part$('call-state', 'Muted').waitFor();
  await part('hang-up', other).click();
  await part$('call-state', 'You hung up', other).waitFor();
  await part('summary', other).waitFor();
  expect(await part('feedback', other).isVisible()).toBe(false);
  await part('summary').waitFor();
  expect(await part('feedback').isVisible()).toBe(true);

  await call('echo');
  await part$('call-state', 'Connected', other).waitFor();
  await page.close();
  await part$('role', 'Phone in this tab', other).waitFor();
  await part('log', other).getByText('The call with Echo is back').waitFor();
  await isHeard(other);
  await part('hang-up', other).click();
  await part('summary', other).waitFor();
  expect(await part('feedback', other).isVisible()).toBe(true);
});

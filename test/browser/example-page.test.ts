import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/index';
import { launchChromium } from '../support/chromium';
import { collectComplaints } from '../support/example-page';

const pathTo = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const MICROPHONE_HZ = 440;
const HOSTILE_NAME = '<img src=x onerror=alert(1)> Ana';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({
    demo: true,
    staticDirs: { '/': pathTo('examples/vanilla-html'), '/dist/': pathTo('dist') },
  });
});

afterAll(async () => {
  await sandbox.close();
});

describe('the example page', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium({ micToneHz: MICROPHONE_HZ });
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    complaints = [];
    collectComplaints(page, complaints);
  });

  afterEach(async () => {
    await context.close();
    for (const customer of sandbox.customers) customer.hangup();
    await sandbox.waitForUnregistration('alice');
    expect(complaints).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
  });

  const part = (testId: string): Locator => page.getByTestId(testId);
  const part$ = (testId: string, text: string): Locator => part(testId).getByText(text, { exact: true });

  async function signIn(): Promise<void> {
    await page.goto(`${sandbox.url}/?agent=alice`);
    await part('sign-in').click();
    await part$('status', 'Registered').waitFor();
    await part('contact-echo').waitFor();
  }

  /** Waits until a level meter is above or below a share of its length. */
  async function untilLevel(testId: string, is: 'above' | 'below', level: number): Promise<void> {
    await page.waitForFunction(
      ([id, direction, wanted]) => {
        const bar = document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
        const shown = Number(bar?.style.getPropertyValue('--level') ?? Number.NaN);
        return direction === 'above' ? shown > wanted : shown < wanted;
      },
      [testId, is, level] as const,
    );
  }

  it('signs in, calls the echo customer, and every control of the call works', async () => {
    await signIn();
    expect(await part('agent-name').textContent()).toBe('Alice Moreau');

    await part('contact-echo').click();
    await part$('call-state', 'Connected').waitFor();
    const far = sandbox.customer('echo').lastCall;
    if (!far) throw new Error('the echo customer has no call');
    expect(await part('call-name').textContent()).toBe('Echo');
    await part$('call-timer', '00:01').waitFor();
    await part$('call-timer', '00:02').waitFor();
    await untilLevel('mic-level', 'above', 0.3);
    await untilLevel('far-level', 'above', 0.3);

    await part('mute').click();
    await part$('call-state', 'Muted').waitFor();
    expect(await part('mute').getAttribute('aria-pressed')).toBe('true');
    // The echo of a muted microphone is silence.
    await untilLevel('far-level', 'below', 0.1);
    await part('mute').click();
    await untilLevel('far-level', 'above', 0.3);

    await part('hold').click();
    await part$('call-state', 'On hold').waitFor();
    expect(far.isOnHold).toBe(true);
    await part('hold').click();
    await part$('call-state', 'Connected').waitFor();
    expect(far.isOnHold).toBe(false);

    await part('keypad').click();
    for (const key of ['dtmf-1', 'dtmf-2', 'dtmf-hash']) await part(key).click();
    expect(await far.waitForDigits('12#')).toBe('12#');
    expect(await part('sent-digits').textContent()).toBe('12#');

    await part('hang-up').click();
    await part$('call-state', 'You hung up').waitFor();
    await far.waitFor('ended');
    expect(far.end?.by).toBe('agent');
  });

  it('shows who calls as text, accepts, and gives everything back afterwards', async () => {
    await page.addInitScript(() => {
      const contexts: AudioContext[] = [];
      const Original = AudioContext;
      Object.assign(globalThis, {
        contexts,
        AudioContext: class extends Original {
          constructor() {
            super();
            contexts.push(this);
          }
        },
      });
    });
    await signIn();
    const far = await sandbox.customer('tone').call('alice', {
      displayName: HOSTILE_NAME,
      headers: { 'X-2Chat-Ticket': '<b>4711</b>' },
    });
    await part$('call-state', 'Incoming call').waitFor();
    expect(await part('call-name').textContent()).toBe(HOSTILE_NAME);
    expect(await part('call-address').textContent()).toBe('+1 202 555 0103');
    expect(await part('call-headers').textContent()).toBe('Ticket<b>4711</b>');
    expect(await part('call-card').locator('img, b').count()).toBe(0);
    expect(await page.title()).toBe(`Incoming: ${HOSTILE_NAME}`);
    expect(await page.getByRole('alert').first().textContent()).toBe(`${HOSTILE_NAME}: Incoming call`);

    await part('accept').click();
    await far.waitFor('answered');
    await part$('call-state', 'Connected').waitFor();
    await untilLevel('far-level', 'above', 0.3);
    await far.hears({ hz: MICROPHONE_HZ });

    await part('hang-up').click();
    await far.waitFor('ended');
    await part$('call-state', 'You hung up').waitFor();
    await page.waitForFunction(() => {
      const { contexts } = globalThis as unknown as { contexts: AudioContext[] };
      return contexts.length === 1 && contexts.every(({ state }) => state === 'closed');
    });
    await part('dismiss').click();
    expect(await part('call-card').count()).toBe(0);
  });

  it('declines with 486, and with 603 for "do not disturb"', async () => {
    await signIn();
    for (const [button, status] of [
      ['decline', 486],
      ['dnd', 603],
    ] as const) {
      const far = await sandbox.customer('tone').call('alice');
      await part$('call-state', 'Incoming call').waitFor();
      await part(button).click();
      await far.waitFor('ended');
      expect(far.end?.status).toBe(status);
      await part$('call-state', 'You declined').waitFor();
    }
  });

  it('tells what to do about an error, and logs its code', async () => {
    await signIn();
    await part('contact-busy').click();
    await part$('call-note', 'The line is busy. Try again later.').waitFor();
    expect(await part('log').textContent()).toContain('CALL_BUSY');
    await part('number').fill('what ever\u0000');
    await part('number').press('Enter');
    await part('notice-dial').getByText('This is not a number that can be called.').waitFor();
    expect(await part('log').textContent()).toContain('INVALID_ARGUMENT');
    await part('dial-1').click();
    await part('notice-dial').waitFor({ state: 'detached' });
  });

  it('works from the keyboard alone', async () => {
    await page.goto(`${sandbox.url}/?agent=alice&autostart`);
    await part$('status', 'Registered').waitFor();
    await page.keyboard.type('+12025550112');
    await page.keyboard.press('Enter');
    await part$('call-state', 'Connected').waitFor();
    const far = sandbox.customer('listener').lastCall;
    await page.keyboard.press('F8');
    await part$('call-state', 'Muted').waitFor();
    await page.keyboard.press('F9');
    await part$('call-state', 'On hold').waitFor();
    await page.keyboard.press('F9');
    await part$('call-state', 'Muted').waitFor();
    await part('keypad').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.type('9');
    expect(await far?.waitForDigits('59')).toBe('59');
    await page.keyboard.press('Escape');
    expect(await part('keypad').getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('Shift+F2');
    await part$('call-state', 'You hung up').waitFor();

    const back = await sandbox.customer('tone').call('alice');
    await part$('call-state', 'Incoming call').waitFor();
    await page.keyboard.press('F2');
    await back.waitFor('answered');
    await part$('call-state', 'Connected').waitFor();
  });

  it('holds the first call while the second one is answered', async () => {
    await signIn();
    await part('contact-listener').click();
    await part$('call-state', 'Connected').waitFor();
    const first = sandbox.customer('listener').lastCall;
    const second = await sandbox.customer('tone').call('alice');
    await part$('call-state', 'Incoming call').waitFor();
    await part('accept').nth(1).click();
    await second.waitFor('answered');
    await part$('call-state', 'On hold').waitFor();
    expect(first?.isOnHold).toBe(true);
    await part('hold').first().click();
    await part('call-card').nth(1).and(page.locator('[data-state="held"]')).waitFor();
    await part('call-card').nth(0).and(page.locator('[data-state="live"]')).waitFor();
    expect([first?.isOnHold, second.isOnHold]).toEqual([false, true]);
  });

  it('renews a token before it expires', async () => {
    // One second before the lead of a minute begins.
    const { token, expiresAt } = await sandbox.mintToken({ userUuid: 'alice', ttlSeconds: 61, exact: true });
    await page.route(
      '**/demo/token',
      (route) =>
        route.fulfill({ json: { success: true, token, expires_at: expiresAt.toISOString(), label: null } }),
      { times: 1 },
    );
    await signIn();
    await part('log').getByText('Token renewed').waitFor();
    await part$('status', 'Registered').waitFor();
  });

  it('says why signing in failed, and has a directory of its own when there is none', async () => {
    await page.route(
      '**/demo/token',
      (route) => route.fulfill({ json: { success: false, error: 'no seat' } }),
      {
        times: 1,
      },
    );
    await page.route('**/demo/customers', (route) => route.fulfill({ body: 'not JSON' }));
    await page.goto(`${sandbox.url}/?agent=alice`);
    await part('sign-in').click();
    await part$('sign-in-error', 'No token: no seat.').waitFor();
    await part('sign-in').click();
    await part$('status', 'Registered').waitFor();
    await part('contact-echo').waitFor();
  });

  it('shows a lost connection, and comes back', async () => {
    await signIn();
    await page.evaluate(() => {
      const seen: string[] = [];
      const status = document.querySelector('[data-testid="status"]');
      new MutationObserver(() => seen.push(status?.textContent.trim() ?? '')).observe(status ?? document, {
        attributes: true,
      });
      Object.assign(globalThis, { seen });
    });
    expect(sandbox.faults.dropSockets('alice')).toBe(1);
    await page.waitForFunction(() => {
      const { seen } = globalThis as unknown as { seen: string[] };
      return seen.length >= 2 && document.querySelector('[data-state="registered"]') !== null;
    });
    await part('log').getByText('Reconnecting, attempt 1').waitFor();
  });

  it('keeps a call ringing when the microphone is denied, and says what to do', async () => {
    await signIn();
    await page.evaluate(() => {
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = () => {
        navigator.mediaDevices.getUserMedia = open;
        return Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
      };
    });
    const far = await sandbox.customer('tone').call('alice');
    await part('accept').click();
    await part('call-note').getByText('The microphone is blocked.').waitFor();
    expect(await part('log').textContent()).toContain('MICROPHONE_DENIED');
    expect(far.state).toBe('ringing');
    await part('accept').click();
    await far.waitFor('answered');
    await part$('call-state', 'Connected').waitFor();
    expect(await part('call-note').textContent()).toBe('');
  });

  it('changes the devices in a call, and remembers them', async () => {
    await signIn();
    await part('contact-listener').click();
    await part$('call-state', 'Connected').waitFor();
    for (const [picker, name] of [
      ['microphone', 'Microphone'],
      ['speaker', 'Speaker'],
    ] as const) {
      const label = await part(picker).locator('option').nth(1).textContent();
      await part(picker).selectOption({ index: 1 });
      await part('log')
        .getByText(`${name}: ${label ?? ''}`)
        .waitFor();
    }
    await untilLevel('mic-level', 'above', 0.3);
    const chosen = await part('microphone').inputValue();
    await part('hang-up').click();
    await part$('call-state', 'You hung up').waitFor();
    await page.reload();
    await part$('status', 'Registered').waitFor();
    await page.waitForFunction(
      (id) => document.querySelector<HTMLSelectElement>('#microphone')?.value === id,
      chosen,
    );
  });

  it('says that sound is blocked, and that it plays after a click', async () => {
    // Playwright's own calls count as gestures, so the browser's refusal is played by the page.
    await page.addInitScript(() => {
      const play = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'play');
      HTMLMediaElement.prototype.play = () =>
        Promise.reject(new DOMException('play() failed', 'NotAllowedError'));
      document.addEventListener(
        'pointerdown',
        () => Object.defineProperty(HTMLMediaElement.prototype, 'play', play ?? {}),
        { capture: true },
      );
    });
    await page.goto(`${sandbox.url}/?agent=alice&autostart`);
    await part$('status', 'Registered').waitFor();
    await sandbox.customer('tone').call('alice');
    await part('notice-audio').waitFor();
    await page.getByRole('button', { name: 'Turn on' }).click();
    await part('log').getByText('Sound plays again').waitFor();
    expect(await part('notice-audio').count()).toBe(0);
    expect(complaints.filter((text) => !text.includes('AUDIO_BLOCKED'))).toEqual([]);
    complaints = [];
  });

  it('signs out: hangs up and leaves the registrar', async () => {
    await signIn();
    await part('contact-listener').click();
    await part$('call-state', 'Connected').waitFor();
    const far = sandbox.customer('listener').lastCall;
    await part('sign-out').click();
    await far?.waitFor('ended');
    await sandbox.waitForUnregistration('alice');
    await part('sign-in').waitFor();
    expect(await part('call-card').count()).toBe(0);
  });

  it.each([360, 900, 1440])(
    'moves nothing under the hand when a call comes in, at %i pixels',
    async (width) => {
      await page.setViewportSize({ width, height: 800 });
      await signIn();
      const before = await part('call').boundingBox();
      await sandbox.customer('tone').call('alice', { displayName: HOSTILE_NAME });
      await part$('call-state', 'Incoming call').waitFor();
      expect(await part('call').boundingBox()).toEqual(before);
      const accept = await part('accept').boundingBox();
      await part('accept').click();
      await part$('call-state', 'Connected').waitFor();
      expect((await part('mute').boundingBox())?.y).toBe(accept?.y);
      const overflowPx = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflowPx).toBeLessThanOrEqual(0);
    },
  );
});

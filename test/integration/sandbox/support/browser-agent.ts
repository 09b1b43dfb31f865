/** Starts a browser page with the plain JsSIP phone in it, and waits for things with deadlines. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, vi } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import type { Sandbox } from '../../../../src/sandbox/index';
import type { CallView, Heard } from './page-phone';

let bundle: Promise<string> | undefined;

function phoneScript(): Promise<string> {
  bundle ??= build({
    entryPoints: [fileURLToPath(new URL('page-phone.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'silent',
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '');
  return bundle;
}

export class BrowserAgent {
  private constructor(readonly page: Page) {}

  /** A page of its own, registered as `userUuid`. */
  static async open(
    browser: Browser,
    pageUrl: string,
    sandbox: Sandbox,
    userUuid: string,
  ): Promise<BrowserAgent> {
    const context = await browser.newContext();
    const page = await context.newPage();
    // Another origin than the sandbox's: what a developer's own page is.
    await page.goto(pageUrl);
    await page.addScriptTag({ content: await phoneScript() });
    const { token } = await sandbox.mintToken({ userUuid });
    await page.evaluate(([url, jwt]) => window.rawPhone.register(url, jwt), [sandbox.url, token] as const);
    return new BrowserAgent(page);
  }

  call(to: string, codec?: 'PCMU'): Promise<void> {
    return this.page.evaluate(
      ([target, wanted]) => {
        window.rawPhone.call(target, wanted);
      },
      [to, codec] as const,
    );
  }

  callWithTone(to: string, hz: number): Promise<void> {
    return this.page.evaluate(
      ([target, pitch]) => {
        window.rawPhone.callWithTone(target, pitch);
      },
      [to, hz] as const,
    );
  }

  answer(): Promise<void> {
    return this.page.evaluate(() => {
      window.rawPhone.answer();
    });
  }

  hangup(): Promise<void> {
    return this.page.evaluate(() => {
      window.rawPhone.hangup();
    });
  }

  hold(on: boolean): Promise<void> {
    return this.page.evaluate((value) => window.rawPhone.hold(value), on);
  }

  mute(on: boolean): Promise<void> {
    return this.page.evaluate((value) => {
      window.rawPhone.mute(value);
    }, on);
  }

  sendDigits(digits: string): Promise<void> {
    return this.page.evaluate((value) => {
      window.rawPhone.sendDigits(value);
    }, digits);
  }

  view(): Promise<CallView> {
    return this.page.evaluate(() => window.rawPhone.view);
  }

  hearing(): Promise<Heard> {
    return this.page.evaluate(() => window.rawPhone.hearing());
  }

  /** Waits for a state of the call, at most 10 s. */
  until(matches: (view: CallView) => boolean): Promise<CallView> {
    return vi.waitFor(
      async () => {
        const view = await this.view();
        expect(matches(view), JSON.stringify(view)).toBe(true);
        return view;
      },
      { timeout: 10_000, interval: 50 },
    );
  }

  /** Waits until a pitch is heard, at most 10 s. */
  untilHears(hz: number, toleranceHz = 15): Promise<Heard> {
    return vi.waitFor(
      async () => {
        const heard = await this.hearing();
        expect(heard.levelDbfs, JSON.stringify(heard)).toBeGreaterThan(-40);
        expect(Math.abs(heard.hz - hz), JSON.stringify(heard)).toBeLessThan(toleranceHz);
        return heard;
      },
      { timeout: 10_000, interval: 100 },
    );
  }

  /** Waits until nothing is heard, at most 10 s. */
  untilHearsNothing(): Promise<Heard> {
    return vi.waitFor(
      async () => {
        const heard = await this.hearing();
        expect(heard.levelDbfs).toBeLessThan(-60);
        return heard;
      },
      { timeout: 10_000, interval: 100 },
    );
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

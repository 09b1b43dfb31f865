import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A sandbox that also serves the page under test, with the built SDK. */
export function startPhoneSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return startSandbox({
    ...options,
    staticDirs: { '/dist/': `${ROOT}dist`, '/': `${ROOT}test/browser/page` },
  });
}

export interface PhoneEvent {
  readonly index: number;
  readonly source: string;
  readonly event: string;
  readonly args: readonly unknown[];
  readonly atMs: number;
}

export interface Heard {
  readonly hz: number;
  readonly dbfs: number;
}

export interface PhoneOptions {
  readonly userUuid?: string;
  readonly label?: string;
  readonly device?: Readonly<Record<string, unknown>>;
  readonly ttlSeconds?: number;
}

/** Louder than this is somebody; a fake microphone's tone arrives at about -6 dBFS, comfort noise under -70. */
const SOMEBODY_DBFS = -40;
/** An analyser of 8192 points at 48 kHz has bins of 6 Hz. */
const TOLERANCE_HZ = 15;
const MOST_LOOKS = 20;

/** A page with one Device in a real browser. */
export class Phone {
  readonly page: Page;
  readonly problems: string[] = [];
  readonly #context: BrowserContext;
  #seen = 0;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
  }

  static async open(browser: Browser, sandbox: Sandbox): Promise<Phone> {
    const context = await browser.newContext();
    const phone = new Phone(context, await context.newPage());
    await phone.page.goto(`${sandbox.url}/phone.html`);
    return phone;
  }

  /** A page whose Device is created but not registered. */
  static async created(browser: Browser, sandbox: Sandbox, options: PhoneOptions = {}): Promise<Phone> {
    const phone = await Phone.open(browser, sandbox);
    const { userUuid = 'alice', label, ttlSeconds, device = {} } = options;
    const { token } = await sandbox.mintToken({
      userUuid,
      ...(label === undefined ? {} : { label }),
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    });
    await phone.page.evaluate(
      (given) => {
        window.sdkPhone.create(given);
      },
      { token, ...device },
    );
    return phone;
  }

  static async registered(browser: Browser, sandbox: Sandbox, options: PhoneOptions = {}): Promise<Phone> {
    const phone = await Phone.created(browser, sandbox, options);
    await phone.page.evaluate(() => window.sdkPhone.device.register());
    return phone;
  }

  /** Places a call and returns its number on this page. */
  connect(to: string, more: Readonly<Record<string, unknown>> = {}): Promise<number> {
    return this.page.evaluate((options) => window.sdkPhone.connect(options), { to, ...more });
  }

  /** Calls a method of a call. */
  do(call: number, method: string, ...args: unknown[]): Promise<unknown> {
    return this.page.evaluate(
      ([index, name, given]) =>
        (window.sdkPhone.calls[index] as unknown as Record<string, (...all: unknown[]) => unknown>)[name]?.(
          ...given,
        ),
      [call, method, args] as const,
    );
  }

  /** The code that a call's method fails with. */
  codeOf(call: number, method: string, ...args: unknown[]): Promise<string | undefined> {
    return this.page.evaluate(
      async ([index, name, given]) => {
        try {
          await (window.sdkPhone.calls[index] as unknown as Record<string, (...all: unknown[]) => unknown>)[
            name
          ]?.(...given);
          return undefined;
        } catch (error) {
          return (error as { code?: string }).code;
        }
      },
      [call, method, args] as const,
    );
  }

  /** The next event of that name after those that earlier waits returned. */
  async next(source: string, event: string, timeoutMs = 10_000): Promise<PhoneEvent> {
    const found = await this.page.evaluate(
      ([from, name, start, limit]) => window.sdkPhone.next(from, name, start, limit),
      [source, event, this.#seen, timeoutMs] as const,
    );
    this.#seen = found.index + 1;
    return found;
  }

  /** The next inbound call: its number on this page. */
  async incoming(): Promise<{ index: number; from: string; name?: string; headers: Record<string, string> }> {
    const { args } = await this.next('device', 'incoming');
    return args[0] as { index: number; from: string; name?: string; headers: Record<string, string> };
  }

  hear(call: number, forMs?: number): Promise<Heard> {
    return this.page.evaluate(([index, ms]) => window.sdkPhone.hear(index, ms), [call, forMs] as const);
  }

  /** Resolves when the call hears that pitch. */
  async hears(call: number, hz: number): Promise<Heard> {
    let heard: Heard = { hz: 0, dbfs: -Infinity };
    for (let look = 0; look < MOST_LOOKS; look += 1) {
      heard = await this.hear(call);
      if (heard.dbfs > SOMEBODY_DBFS && Math.abs(heard.hz - hz) <= TOLERANCE_HZ) return heard;
    }
    throw new Error(`Call ${call} does not hear ${hz} Hz but ${JSON.stringify(heard)}`);
  }

  /** Resolves when the call hears nobody any more, and goes on hearing nobody for a second. */
  async hearsNobody(call: number): Promise<void> {
    let heard: Heard = { hz: 0, dbfs: 0 };
    for (let look = 0; look < MOST_LOOKS && heard.dbfs > SOMEBODY_DBFS; look += 1)
      heard = await this.hear(call, 200);
    expect((await this.hear(call, 1000)).dbfs).toBeLessThan(SOMEBODY_DBFS);
  }

  counters(): Promise<Record<string, number>> {
    return this.page.evaluate(() => window.counters());
  }

  /** Closes the page; whatever it threw meanwhile fails the test. */
  async close(): Promise<void> {
    await this.#context.close();
    expect(this.problems).toEqual([]);
  }
}

declare global {
  interface Window {
    sdkPhone: {
      readonly calls: import('../../src/index').Call[];
      readonly device: import('../../src/index').Device;
      create(options: object): void;
      connect(options: object): Promise<number>;
      next(source: string, event: string, from: number, timeoutMs: number): Promise<PhoneEvent>;
      hear(index: number, forMs?: number): Promise<Heard>;
    };
    counters(): Record<string, number>;
  }
}

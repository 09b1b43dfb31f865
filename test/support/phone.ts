import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index';
import type { LabBrowser, LabPage, PageOptions } from './lab-page';

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

/** Where a phone lives and who lets it in: a sandbox, or any other server that serves the page under test. */
export interface PhoneHome {
  /** Origin of `/phone.html`. */
  readonly url: string;
  /** Of the credentials request. Default: `url`. */
  readonly apiBaseUrl?: string;
  mintToken(request: {
    readonly userUuid: string;
    readonly label?: string;
    readonly ttlSeconds?: number;
  }): Promise<{ readonly token: string }>;
}

export interface PhoneOptions {
  readonly userUuid?: string;
  readonly label?: string;
  /** Options of the Device that are plain data; `account` are credentials to be used without asking for them. */
  readonly device?: Readonly<Record<string, unknown>>;
  readonly ttlSeconds?: number;
  readonly page?: PageOptions;
}

/** Louder than this is somebody; a fake microphone's tone arrives at about -6 dBFS, comfort noise under -70. */
const SOMEBODY_DBFS = -40;
/** An analyser of 8192 points at 48 kHz has bins of 6 Hz. */
const TOLERANCE_HZ = 15;
const MOST_LOOKS = 20;

/** A page with one Device in a real browser. */
export class Phone<P extends LabPage = LabPage> {
  #seen = 0;

  private constructor(readonly page: P) {}

  static async open<P extends LabPage>(
    browser: LabBrowser<P>,
    home: PhoneHome,
    options?: PageOptions,
  ): Promise<Phone<P>> {
    return new Phone(await browser.open(`${home.url}/phone.html`, options));
  }

  /** A page whose Device is created but not registered. */
  static async created<P extends LabPage>(
    browser: LabBrowser<P>,
    home: PhoneHome,
    options: PhoneOptions = {},
  ): Promise<Phone<P>> {
    const phone = await Phone.open(browser, home, options.page);
    const { userUuid = 'alice', label, ttlSeconds, device = {} } = options;
    const { token } = await home.mintToken({
      userUuid,
      ...(label === undefined ? {} : { label }),
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    });
    const { apiBaseUrl = home.url } = home;
    await phone.page.evaluate(
      (given) => {
        window.sdkPhone.create(given);
      },
      { token, apiBaseUrl, ...device },
    );
    return phone;
  }

  static async registered<P extends LabPage>(
    browser: LabBrowser<P>,
    home: PhoneHome,
    options: PhoneOptions = {},
  ): Promise<Phone<P>> {
    const phone = await Phone.created(browser, home, options);
    await phone.page.evaluate(() => window.sdkPhone.device.register());
    return phone;
  }

  /** The code that register() fails with. */
  registerCode(): Promise<string | undefined> {
    return this.page.evaluate(() =>
      window.sdkPhone.device.register().then(
        () => undefined,
        (error: unknown) => (error as { code?: string }).code ?? String(error),
      ),
    );
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

  /** Another page has loaded: its events are counted from the first one on. */
  forget(): void {
    this.#seen = 0;
  }

  counters(): Promise<Record<string, number>> {
    return this.page.evaluate(() => window.counters());
  }

  /** Closes the page; whatever it threw meanwhile fails the test. */
  async close(): Promise<void> {
    await this.page.close();
    expect(this.page.problems).toEqual([]);
  }
}

declare global {
  interface Window {
    sdkPhone: {
      readonly events: readonly PhoneEvent[];
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

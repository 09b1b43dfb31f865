/** Chromium behind the interface of the laboratory's browsers. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type ChromiumOptions, launchChromium } from './chromium';
import type { LabBrowser, LabPage, PageOptions } from './lab-page';

export class ChromiumPage implements LabPage {
  readonly problems: string[] = [];

  constructor(
    private readonly owner: { close(): Promise<void> },
    /** For what only Playwright can do. */
    readonly raw: Page,
  ) {
    raw.on('pageerror', (error) => this.problems.push(error.message));
  }

  evaluate<R, A>(run: (arg: A) => R | Promise<R>, arg?: A): Promise<R> {
    return this.raw.evaluate(run as never, arg);
  }

  close(): Promise<void> {
    return this.owner.close();
  }
}

export class ChromiumLab implements LabBrowser<ChromiumPage> {
  readonly name = 'chromium';

  private constructor(private readonly browser: Browser) {}

  static async launch(options: ChromiumOptions = {}): Promise<ChromiumLab> {
    return new ChromiumLab(await launchChromium(options));
  }

  get version(): string {
    return `Chromium ${this.browser.version()}`;
  }

  async open(url: string, { initScript }: PageOptions = {}): Promise<ChromiumPage> {
    const context = await this.browser.newContext();
    return goTo(url, new ChromiumPage(context, await context.newPage()), initScript);
  }

  /** The same browser, whose pages are tabs of one window from now on: they share storage, channels and locks. */
  async tabs(): Promise<LabBrowser<ChromiumPage>> {
    const context: BrowserContext = await this.browser.newContext();
    return {
      name: this.name,
      version: this.version,
      open: async (url, { initScript } = {}) => {
        const raw = await context.newPage();
        return goTo(url, new ChromiumPage(raw, raw), initScript);
      },
      close: () => context.close(),
    };
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

async function goTo(url: string, page: ChromiumPage, initScript: string | undefined): Promise<ChromiumPage> {
  if (initScript !== undefined) await page.raw.addInitScript({ content: initScript });
  await page.raw.goto(url);
  return page;
}

/** One face for the browsers that tests drive: Chromium by Playwright, Firefox by Puppeteer. */

export type BrowserName = 'chromium' | 'firefox';

/** A page with cookies, storage and permissions of its own. */
export interface LabPage {
  /** What the page threw and nobody caught, in order. */
  readonly problems: readonly string[];
  /** Runs a function in the page. It sees nothing of the test but `arg`; both ways pass plain data only. */
  evaluate<R>(run: () => R | Promise<R>): Promise<R>;
  evaluate<R, A>(run: (arg: A) => R | Promise<R>, arg: A): Promise<R>;
  close(): Promise<void>;
}

export interface PageOptions {
  /** Source that runs before any script of the page. */
  readonly initScript?: string;
}

/** One browser process, whose pages all speak with the same microphone. */
export interface LabBrowser<P extends LabPage = LabPage> {
  readonly name: BrowserName;
  /** As the browser says it, for example `Chromium 140.0.1`. */
  readonly version: string;
  open(url: string, options?: PageOptions): Promise<P>;
  /** Ends the process. Safe twice. */
  close(): Promise<void>;
}

/** Firefox behind the interface of the laboratory's browsers. Needs an audio sink: see `test/interop/pulse.mjs`. */
import { launch, type Browser, type BrowserContext, type Page } from 'puppeteer-core';
import { findOnPath } from './find-program';
import type { LabBrowser, LabPage, PageOptions } from './lab-page';

const COMMANDS = ['firefox-esr', 'firefox'];

/** Real calls between pages of one machine, with a tone for a microphone. */
const MEDIA_PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  // Host candidates as addresses: there is nobody to answer mDNS names.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // 0 allows sound before a gesture.
  'media.autoplay.default': 0,
  // Its codec is downloaded at the first start.
  'media.gmp-manager.updateEnabled': false,
  'media.gmp-provider.enabled': false,
};

/** What Firefox does by itself in the background: the laboratory has no network. */
const QUIET_PREFS = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.region.network.url': '',
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'network.trr.mode': 5,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': 'data:,',
};

/** Advice that Firefox writes to the console, and Puppeteer reports as if the page had thrown it. */
const ADVICE = ['WebRTC: Using five or more STUN/TURN servers slows down discovery'];

export interface FirefoxOptions {
  /** Pitch of the tone that this browser's microphone hears, in whole hertz. Firefox's own choice is 1000. */
  readonly micToneHz?: number;
}

class FirefoxPage implements LabPage {
  readonly problems: string[] = [];

  constructor(
    private readonly context: BrowserContext,
    private readonly raw: Page,
  ) {
    raw.on('pageerror', (error) => {
      const message = error instanceof Error ? error.message : String(error);
      if (!ADVICE.includes(message)) this.problems.push(message);
    });
  }

  evaluate<R, A>(run: (arg: A) => R | Promise<R>, arg?: A): Promise<R> {
    return this.raw.evaluate(run as never, arg as never);
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

export class FirefoxLab implements LabBrowser {
  readonly name = 'firefox';

  private constructor(
    private readonly browser: Browser,
    readonly version: string,
  ) {}

  static async launch({ micToneHz }: FirefoxOptions = {}): Promise<FirefoxLab> {
    const executablePath = findOnPath(COMMANDS);
    if (executablePath === undefined)
      throw new Error('No Firefox found. Debian: apt-get install firefox-esr');
    const browser = await launch({
      browser: 'firefox',
      executablePath,
      headless: true,
      acceptInsecureCerts: true,
      // The runner ends what is left; a handler here would end the browser before the tests could say why.
      handleSIGINT: false,
      extraPrefsFirefox: {
        ...QUIET_PREFS,
        ...MEDIA_PREFS,
        ...(micToneHz === undefined ? {} : { 'media.navigator.audio.fake_frequency': micToneHz }),
      },
    });
    const version = (await browser.version()).replace(/^firefox\//i, 'Firefox ');
    return new FirefoxLab(browser, version);
  }

  async open(url: string, { initScript }: PageOptions = {}): Promise<LabPage> {
    const context = await this.browser.createBrowserContext();
    const raw = await context.newPage();
    const page = new FirefoxPage(context, raw);
    if (initScript !== undefined) await raw.evaluateOnNewDocument(initScript);
    await raw.goto(url);
    return page;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** The browsers of a run: one process for each microphone, started when first needed, shared by all scenarios. */
import { ChromiumLab } from '../../support/chromium-lab';
import { FirefoxLab } from '../../support/firefox-lab';
import type { BrowserName, LabBrowser } from '../../support/lab-page';

/** Pitches of the agents' microphones, by seat; far from each other and from the far ends' own. */
export const SEAT_HZ = [600, 1000, 1400] as const;

const running = new Map<string, Promise<LabBrowser>>();

/** The browser whose microphone has the pitch of that seat. */
export function browserFor(name: BrowserName, seat: number): Promise<LabBrowser> {
  const micToneHz = SEAT_HZ[seat];
  if (micToneHz === undefined) throw new Error(`there are ${SEAT_HZ.length} seats`);
  const key = `${name} ${micToneHz}`;
  const browser = running.get(key) ?? launch(name, micToneHz);
  running.set(key, browser);
  return browser;
}

function launch(name: BrowserName, micToneHz: number): Promise<LabBrowser> {
  if (name === 'firefox') return FirefoxLab.launch({ micToneHz });
  // The servers of the laboratory have certificates of their own making.
  return ChromiumLab.launch({ micToneHz, args: ['--ignore-certificate-errors'] });
}

export async function closeBrowsers(): Promise<void> {
  const all = [...running.values()];
  running.clear();
  await Promise.all(all.map(async (browser) => (await browser).close()));
}

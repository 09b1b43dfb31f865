import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { findOnPath, isExecutable } from './find-program';
import { type ToneOptions, toneWav } from './tone-wav';

/** Commands under which distributions install Chromium or Chrome, looked up on the PATH. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome.exe'];

const FIXED_PLACES = [
  '/usr/bin/chromium',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

const HOW_TO_INSTALL = [
  'These tests need a real Chromium or Chrome.',
  '  Debian, Ubuntu: apt-get install chromium',
  '  macOS, Windows: install Google Chrome',
  '  elsewhere:      set CHROMIUM_PATH to the executable',
].join('\n');

/** Flags for real calls between pages of one machine, without a sound card, a display or the internet. */
const LAB_FLAGS = [
  // Containers run as root and without user namespaces.
  '--no-sandbox',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
  // Host candidates as addresses: there is nobody to answer mDNS names.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // /dev/shm is 64 MB in many containers.
  '--disable-dev-shm-usage',
];

export interface ChromiumOptions {
  /**
   * Pitch of the pure tone that this browser's microphone hears, in whole hertz. Without it the microphone gives
   * Chromium's own beep once a second.
   */
  micToneHz?: number;
  /** How loud that tone is and whether it pauses. */
  micTone?: Omit<ToneOptions, 'frequencyHz'>;
  /** A WAV file that this browser's microphone hears over and over, in place of a tone. */
  micWav?: Buffer;
  /**
   * How many fake cameras exist. Default 1; a page that asks for none of them needs none. Fake microphones and
   * speakers are always three of each, "default" among them (measured in Chromium 156, `device-count` 0 to 3).
   */
  cameraCount?: number;
  /** `false` leaves the permission prompt to the test: `getUserMedia` then waits or fails. Default `true`. */
  grantMicrophone?: boolean;
  /** Further command line flags. */
  args?: readonly string[];
  /** Another way to start the browser. Default: what `findChromium` finds. */
  executablePath?: string;
}

/** Path of the browser to test with. Throws an Error that says how to install one. */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = env['CHROMIUM_PATH'];
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH is ${chosen}, which cannot be executed.\n${HOW_TO_INSTALL}`);
  }
  const found = findOnPath(COMMANDS, env) ?? FIXED_PLACES.find(isExecutable);
  if (found === undefined) throw new Error(`No Chromium found.\n${HOW_TO_INSTALL}`);
  return found;
}

/** Vitest global setup: a missing browser fails the suite at once, with one message. */
export function setup(): void {
  findChromium();
}

/** Starts one browser process; closing it (or its crash) removes the files made for it. */
export async function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  const { micToneHz, micTone, micWav, cameraCount = 1, grantMicrophone = true, args = [] } = options;
  const executablePath = options.executablePath ?? findChromium();
  const flags = LAB_FLAGS.filter((flag) => grantMicrophone || flag !== '--use-fake-ui-for-media-stream');
  flags.push(`--use-fake-device-for-media-stream=device-count=${cameraCount}`);

  let folder: string | undefined;
  const wav = micToneHz === undefined ? micWav : toneWav({ ...micTone, frequencyHz: micToneHz });
  if (wav !== undefined) {
    folder = mkdtempSync(join(tmpdir(), 'voice-sdk-mic-'));
    const file = join(folder, 'microphone.wav');
    writeFileSync(file, wav);
    flags.push(`--use-file-for-fake-audio-capture=${file}`);
  }
  const cleanUp = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };

  try {
    const browser = await chromium.launch({ executablePath, args: [...flags, ...args] });
    browser.on('disconnected', cleanUp);
    return browser;
  } catch (error) {
    cleanUp();
    throw error;
  }
}

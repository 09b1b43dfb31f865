import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { findChromium } from './chromium';

export interface HiddenTab {
  evaluate(expression: string): Promise<unknown>;
  /** Stops everything in the page until `thaw()`, as Chromium does with tabs that were hidden for long: its worker too. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Stops every process of the browser until `resume()`, as a machine that sleeps does; its connections stay. */
  suspend(): void;
  resume(): void;
  close(): Promise<void>;
}

/**
 * A page in a tab behind another one, whose timers Chromium lets fire once a minute a few seconds later (after 5 min
 * otherwise). Not through Playwright, which makes each of its pages believe that it is in front.
 */
export async function openHiddenTab(url: string): Promise<HiddenTab> {
  const profile = await mkdtemp(join(tmpdir(), 'voice-sdk-hidden-'));
  const browser = spawn(
    findChromium(),
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5',
      'about:blank',
    ],
    // A process group of its own, to be stopped as a whole.
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const origin = await new Promise<string>((resolve, reject) => {
    let text = '';
    browser.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const host = /listening on ws:\/\/([^/]+)/.exec(text)?.[1];
      if (host !== undefined) resolve(`http://${host}`);
    });
    browser.once('exit', () => {
      reject(new Error(`Chromium ended: ${text}`));
    });
  });
  const open = async (address: string) => {
    const response = await fetch(`${origin}/json/new?${address}`, { method: 'PUT' });
    return (await response.json()) as { readonly id: string; readonly webSocketDebuggerUrl: string };
  };
  const { webSocketDebuggerUrl } = await open(url);
  const socket = new WebSocket(webSocketDebuggerUrl);
  await once(socket, 'open');
  const waiting = new Map<number, (value: unknown) => void>();
  socket.on('message', (data: Buffer) => {
    const { id, result } = JSON.parse(data.toString()) as {
      readonly id?: number;
      readonly result?: { readonly result?: { readonly value?: unknown } };
    };
    if (id !== undefined) waiting.get(id)?.(result?.result?.value);
  });
  const front = await open('about:blank');
  await fetch(`${origin}/json/activate/${front.id}`);
  const signal = (name: NodeJS.Signals) => {
    if (browser.pid !== undefined) process.kill(-browser.pid, name);
  };
  let count = 0;
  const ask = (method: string, params: object): Promise<unknown> => {
    count += 1;
    const answer = new Promise((resolve) => waiting.set(count, resolve));
    socket.send(JSON.stringify({ id: count, method, params }));
    return answer;
  };
  return {
    evaluate: (expression) =>
      ask('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true }),
    // Page Lifecycle (WICG).
    freeze: async () => {
      await ask('Page.setWebLifecycleState', { state: 'frozen' });
    },
    thaw: async () => {
      await ask('Page.setWebLifecycleState', { state: 'active' });
    },
    suspend: () => {
      signal('SIGSTOP');
    },
    resume: () => {
      signal('SIGCONT');
    },
    async close() {
      signal('SIGCONT');
      socket.close();
      const ended = once(browser, 'exit');
      browser.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

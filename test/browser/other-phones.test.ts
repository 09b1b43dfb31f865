import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

const VIDEO_PHONE_HZ = 800;

let sandbox: Sandbox;
let browser: ChromiumLab;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micToneHz: VIDEO_PHONE_HZ }),
  ]);
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

/** A video phone as others build them: JsSIP as it is, with camera and microphone. */
async function videoPhone(userUuid: string): Promise<Page> {
  const { outputFiles } = await build({
    stdin: {
      contents: "import JsSIP from 'jssip'; window.JsSIP = JsSIP;",
      resolveDir: fileURLToPath(new URL('../../', import.meta.url)),
    },
    bundle: true,
    write: false,
    platform: 'browser',
    define: { global: 'globalThis' },
  });
  const { raw: page } = await browser.open(`${sandbox.url}/phone.html`);
  await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
  const { token } = await sandbox.mintToken({ userUuid });
  await page.evaluate(async (jwt) => {
    const answer = await fetch('/open/sdk/credentials', { headers: { Authorization: `Bearer ${jwt}` } });
    const credentials = (await answer.json()) as Record<string, string>;
    const { JsSIP } = window as unknown as {
      JsSIP: { UA: VideoUa; WebSocketInterface: new (url: string) => object };
    };
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(credentials['ws_urls']?.[0] ?? '')],
      uri: credentials['sip_uri'],
      authorization_user: credentials['authorization_username'],
      password: credentials['password'],
    });
    await new Promise<void>((resolve) => {
      ua.on('registered', () => {
        resolve();
      });
      ua.start();
    });
    Object.assign(window, { ua });
  }, token);
  return page;
}

type VideoUa = new (options: object) => {
  on(event: string, listener: () => void): void;
  start(): void;
};

test('a video call is taken as an audio call: no camera, both hear each other', async () => {
  const [agent, other] = await Promise.all([
    Phone.registered(browser, sandbox, { userUuid: 'agent' }),
    videoPhone('video'),
  ]);
  await other.evaluate(() => {
    const { ua } = window as unknown as {
      ua: { call(target: string, options: object): { on(event: string, listener: () => void): void } };
    };
    ua.call('agent', { mediaConstraints: { audio: true, video: true } }).on('confirmed', () => {
      document.title = 'confirmed';
    });
  });
  const { index } = await agent.incoming();
  await agent.do(index, 'accept');
  await agent.hears(index, VIDEO_PHONE_HZ);
  await expect.poll(() => other.title()).toBe('confirmed');

  const answer = await agent.page.evaluate(
    (call) => window.sdkPhone.calls[call]?.session.connection?.localDescription?.sdp ?? '',
    index,
  );
  const [, audio = '', video = ''] = answer.split(/^m=/m);
  expect(audio).toMatch(/^audio [1-9][^]*a=sendrecv/);
  expect(video).toMatch(/^video (0|[^]*a=inactive)/);
  expect(await agent.counters()).toMatchObject({ tracks: 1 });
  await agent.do(index, 'disconnect');
  await agent.close();
});

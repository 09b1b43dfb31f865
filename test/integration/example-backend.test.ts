import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSipVerifier } from '../../src/server/index';
import { startSandbox, type Sandbox } from '../../src/sandbox/index';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let running: ChildProcess | undefined;
let output = '';

/** Starts a backend and gives the first address that it prints. */
async function startScript(script: string, env: Readonly<Record<string, string>>): Promise<string> {
  output = '';
  const child = spawn(process.execPath, [script], {
    env: { PORT: '0', NODE_ENV: 'development', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      const url = /http:\S+/.exec(output)?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => {
      reject(new Error(`exit ${String(code)}: ${output}`));
    });
  });
}

afterEach(async () => {
  if (running?.exitCode === null && running.kill()) await once(running, 'exit');
  running = undefined;
});

describe('the example backend with the platform', () => {
  const KEY = 'X-User-API-Key';
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
  });

  afterAll(async () => {
    await sandbox.close();
  });

  const start = (env: Readonly<Record<string, string>>): Promise<string> =>
    startScript(pathOf('examples/node-backend/platform.mjs'), env);
  const ask = (url: string, cookie = 'session=demo-session'): Promise<Response> =>
    fetch(url, { method: 'POST', headers: { Cookie: cookie } });

  it('gives a token to whoever is signed in, and the key to nobody', async () => {
    const url = await start({ TWOCHAT_API_URL: sandbox.url, TWOCHAT_API_KEY: sandbox.apiKey });
    const answer = await ask(url);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    const { token } = JSON.parse(text) as { token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as unknown;
    expect(claims).toMatchObject({ user_uuid: 'alice', label: 'Alice Moreau' });
    expect(text + output).not.toContain(sandbox.apiKey);

    expect((await ask(url, '')).status).toBe(401);
    expect((await fetch(url)).status).toBe(405);
    expect((await ask(`${url}/other`)).status).toBe(404);
  });

  it('keeps the reason of a failure to itself', async () => {
    const url = await start({ TWOCHAT_API_URL: sandbox.url, TWOCHAT_API_KEY: 'a-wrong-key' });
    const answer = await ask(url);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toEqual({ error: 'phones are unavailable' });
    expect(output).toContain(`${KEY} is not valid`);
    expect(output).not.toContain('a-wrong-key');
  });

  it('knows nobody outside of development, and does not start without a key', async () => {
    const env = { TWOCHAT_API_URL: sandbox.url, TWOCHAT_API_KEY: sandbox.apiKey };
    const url = await start({ ...env, NODE_ENV: 'production' });
    expect((await ask(url)).status).toBe(401);
    running?.kill();
    await expect(start({ TWOCHAT_API_URL: sandbox.url })).rejects.toThrow(/TWOCHAT_API_KEY is not set/);
  });
});

describe('the example backend with a SIP server of its own', () => {
  const settings = {
    TOKEN_KEY: 'secret-that-signs-the-tokens-of-agents',
    API_KEY: 'secret-of-another-backend',
    SIP_SECRET: 'secret-shared-with-kamailio',
    TURN_SECRET: 'secret-shared-with-coturn',
    SIP_DOMAIN: 'sip.test',
    WS_URLS: 'wss://one.test,wss://two.test',
    TURN_URLS: 'turn:turn.test',
  };
  let folder: string;
  let script: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'example-backend-'));
    script = join(folder, 'server.mjs');
    // The example over the sources as they are, not over what was last built.
    await build({
      entryPoints: [pathOf('examples/node-backend/server.mjs')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      alias: { '@2chat/voice-sdk/server': pathOf('src/server/index.ts') },
      logLevel: 'error',
    });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const ask = (url: string, method: string, headers: Readonly<Record<string, string>> = {}, body?: string) =>
    fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });

  it('gives whoever is signed in a token, and for the token a phone', async () => {
    const url = await startScript(script, settings);
    const minted = await ask(`${url}/api/voice-token`, 'POST', { Cookie: 'session=demo-session' });
    const { token } = (await minted.json()) as { token: string };
    const answer = await ask(`${url}/open/sdk/credentials`, 'GET', { Authorization: `Bearer ${token}` });
    const text = await answer.text();
    const credentials = JSON.parse(text) as { authorization_username: string; password: string };
    expect(credentials).toMatchObject({
      ws_urls: ['wss://one.test', 'wss://two.test'],
      sip_uri: 'sip:alice@sip.test',
      display_name: 'Alice Moreau',
      ice_servers: [{ urls: ['turn:turn.test'] }],
    });
    const { authorization_username: username, password } = credentials;
    const verifier = createSipVerifier({ secret: settings.SIP_SECRET });
    expect(await verifier.verify(username, password)).toMatchObject({ user: 'alice' });
    expect(text + output).not.toContain('secret');
  });

  it('gives another backend that has the key a token, and nobody else', async () => {
    const url = await startScript(script, settings);
    const mint = async (key: string): Promise<number> => {
      const headers = { 'X-User-API-Key': key, 'Content-Type': 'application/json' };
      return (await ask(`${url}/open/sdk/access-token`, 'POST', headers, '{"user_uuid":"bob"}')).status;
    };
    expect([await mint(settings.API_KEY), await mint('a-guess')]).toEqual([200, 403]);
    expect((await ask(`${url}/api/voice-token`, 'POST')).status).toBe(401);
    expect((await ask(`${url}/api/voice-token`, 'GET')).status).toBe(405);
    expect((await ask(`${url}/open/sdk/credentials`, 'GET')).status).toBe(401);
    expect((await ask(`${url}/other`, 'GET')).status).toBe(404);
  });

  it('knows nobody outside of development, and does not start without a setting', async () => {
    const url = await startScript(script, { ...settings, NODE_ENV: 'production' });
    expect((await ask(`${url}/api/voice-token`, 'POST', { Cookie: 'session=demo-session' })).status).toBe(
      401,
    );
    running?.kill();
    for (const name of Object.keys(settings)) {
      await expect(startScript(script, { ...settings, [name]: '' })).rejects.toThrow(`${name} is not set`);
    }
  });
});

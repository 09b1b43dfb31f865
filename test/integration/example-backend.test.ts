import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/index';

const SERVER = fileURLToPath(new URL('../../examples/node-backend/server.mjs', import.meta.url));

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

describe('the example backend', () => {
  const KEY = 'X-User-API-Key';
  let running: ChildProcess | undefined;
  let output = '';

  /** Starts the backend and gives the address of its endpoint. */
  async function start(env: Readonly<Record<string, string>>): Promise<string> {
    output = '';
    const child = spawn(process.execPath, [SERVER], {
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

  const ask = (url: string, cookie = 'session=demo-session'): Promise<Response> =>
    fetch(url, { method: 'POST', headers: { Cookie: cookie } });

  afterEach(async () => {
    if (running?.exitCode === null && running.kill()) await once(running, 'exit');
    running = undefined;
  });

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

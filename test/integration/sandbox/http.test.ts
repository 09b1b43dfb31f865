import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJwt } from 'jose';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index';
import { waitFor } from '../../../src/sandbox/wait';

const apiKey = 'key-of-the-test';

interface TokenAnswer {
  success: boolean;
  token: string;
  user_uuid: string;
  label: string | null;
  expires_at: string;
  error?: string;
}

describe('the HTTP endpoints', () => {
  let sandbox: Sandbox;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-static-'));
    mkdirSync(join(folder, 'page'));
    writeFileSync(join(folder, 'secret.txt'), 'secret');
    writeFileSync(join(folder, 'page', 'index.html'), '<p>hello</p>');
    writeFileSync(join(folder, 'page', 'app.js'), 'export {};');
    writeFileSync(join(folder, 'page', '.env'), 'secret');
    symlinkSync(join(folder, 'secret.txt'), join(folder, 'page', 'link.txt'));
    sandbox = await startSandbox({
      apiKey,
      demo: true,
      staticDirs: { '/app': join(folder, 'page') },
      iceServers: [{ urls: 'stun:127.0.0.1:3478' }],
      registerExpiresSeconds: 120,
      limits: { requestsPerSecond: 1000 },
    });
  });

  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });

  const mint = async (
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; answer: TokenAnswer }> => {
    const response = await fetch(`${sandbox.url}/open/sdk/access-token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-User-API-Key': apiKey, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, answer: (await response.json()) as TokenAnswer };
  };

  const lifetimeSeconds = ({ token }: TokenAnswer): number => {
    const { iat = 0, exp = 0 } = decodeJwt(token);
    return exp - iat;
  };

  it('mints a token as the platform does', async () => {
    const { status, answer } = await mint({ user_uuid: 'alice', label: 'Alice' });
    expect(status).toBe(200);
    expect(answer).toMatchObject({ success: true, user_uuid: 'alice', label: 'Alice' });
    expect(decodeJwt(answer.token)).toMatchObject({ user_uuid: 'alice', label: 'Alice' });
    expect(new Date(answer.expires_at).getTime()).toBe((decodeJwt(answer.token).exp ?? 0) * 1000);
    expect(lifetimeSeconds(answer)).toBe(3600);
  });

  it.each([
    [1, 60],
    [-5, 60],
    [600, 600],
    [1e9, 86_400],
  ])('clamps a ttl of %d to %d', async (ttl, lifetime) => {
    const { answer } = await mint({ user_uuid: 'alice', ttl });
    expect(lifetimeSeconds(answer)).toBe(lifetime);
  });

  it.each([
    ['no user', { label: 'x' }, {}, 400],
    ['a user with a space', { user_uuid: 'a b' }, {}, 400],
    ['a user with a line break', { user_uuid: 'a\r\nb' }, {}, 400],
    ['the number of a customer', { user_uuid: 'echo' }, {}, 400],
    ['a label with a line break', { user_uuid: 'a', label: 'x\r\ny' }, {}, 400],
    ['a ttl in words', { user_uuid: 'a', ttl: 'long' }, {}, 400],
    ['no object', [1], {}, 400],
    ['no JSON', '{', {}, 400],
    ['no key', { user_uuid: 'a' }, { 'X-User-API-Key': '' }, 401],
    ['a wrong key', { user_uuid: 'a' }, { 'X-User-API-Key': 'wrong' }, 403],
    ['no JSON type', { user_uuid: 'a' }, { 'Content-Type': 'text/plain' }, 415],
    ['a huge body', { user_uuid: 'a', label: 'x'.repeat(20_000) }, {}, 413],
  ])('refuses %s', async (_what, body, headers, status) => {
    const result = await mint(body, headers);
    expect(result.status).toBe(status);
    expect(result.answer).toMatchObject({ success: false });
    expect(result.answer.error).not.toContain(apiKey);
  });

  it('exchanges a token for exactly the documented fields', async () => {
    const { answer } = await mint({ user_uuid: 'alice', label: 'Alice' });
    const response = await fetch(`${sandbox.url}/open/sdk/credentials`, {
      headers: { Authorization: `Bearer ${answer.token}` },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const credentials = (await response.json()) as Record<string, unknown>;
    expect(Object.keys(credentials).sort()).toEqual([
      'authorization_username',
      'display_name',
      'expires_at',
      'ice_servers',
      'password',
      'register_expires',
      'sip_uri',
      'ws_urls',
    ]);
    expect(credentials).toMatchObject({
      ws_urls: [sandbox.wsUrl],
      sip_uri: `sip:alice@${sandbox.domain}`,
      display_name: 'Alice',
      register_expires: 120,
      expires_at: answer.expires_at,
      ice_servers: [{ urls: 'stun:127.0.0.1:3478' }],
    });
  });

  it('refuses tokens that are none, foreign, expired or not even signed', async () => {
    const foreign = await startSandbox();
    const { token: foreignToken } = await foreign.mintToken({ userUuid: 'alice' });
    await foreign.close();
    const { token: expired } = await sandbox.mintToken({ userUuid: 'alice', ttlSeconds: -1, exact: true });
    const claims = Buffer.from('{"user_uuid":"alice","exp":9999999999}').toString('base64url');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    const statuses = await Promise.all(
      ['', 'x', 'a.b.c', foreignToken, expired, unsigned].map(async (token) => {
        const response = await fetch(`${sandbox.url}/open/sdk/credentials`, {
          headers: { Authorization: `Bearer ${token}` },
        });
        return response.status;
      }),
    );
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401]);
  });

  it('answers preflights, wrong methods and unknown paths', async () => {
    const preflight = await fetch(`${sandbox.url}/open/sdk/credentials`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
    const wrong = await fetch(`${sandbox.url}/open/sdk/access-token`);
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST, OPTIONS');
    expect((await fetch(`${sandbox.url}/nothing`)).status).toBe(404);
  });

  it('answers 429 beyond the rate', async () => {
    const strict = await startSandbox({ limits: { requestsPerSecond: 3 } });
    const ask = async (): Promise<number> => (await fetch(`${strict.url}/open/sdk/credentials`)).status;
    const statuses = [await ask(), await ask(), await ask(), await ask()];
    expect(statuses).toEqual([401, 401, 401, 429]);
    await strict.close();
  });

  it('serves a folder with the right types, and nothing beside it', async () => {
    const page = await fetch(`${sandbox.url}/app/`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toBe('<p>hello</p>');
    expect((await fetch(`${sandbox.url}/app/app.js`)).headers.get('content-type')).toContain(
      'text/javascript',
    );
    for (const path of [
      '/app/..%2fsecret.txt',
      '/app/%2e%2e/secret.txt',
      '/app/link.txt',
      '/app/.env',
      '/app/%00',
    ]) {
      expect([400, 404], path).toContain((await fetch(sandbox.url + path)).status);
    }
    expect((await fetch(`${sandbox.url}/app/`, { method: 'POST' })).status).toBe(405);
  });

  it('gives the demo page a token, and no page of another site', async () => {
    const ask = (headers: Readonly<Record<string, string>>): Promise<number> =>
      waitFor('answer', 5000, (resolve, reject) => {
        const request = httpRequest(
          `${sandbox.url}/demo/token`,
          { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        request.on('error', reject);
        request.end('{"user_uuid":"alice"}');
        return () => request.destroy();
      });
    expect(await ask({ Origin: sandbox.url })).toBe(200);
    expect(await ask({})).toBe(200);
    expect(await ask({ Origin: 'https://evil.example' })).toBe(403);
    expect(await ask({ Origin: 'null' })).toBe(403);
    expect(await ask({ Host: 'rebound.example' })).toBe(403);
    expect(await ask({ 'Content-Type': 'text/plain' })).toBe(415);
    const { customers } = (await (await fetch(`${sandbox.url}/demo/customers`)).json()) as {
      customers: { name: string }[];
    };
    expect(customers.map(({ name }) => name)).toContain('echo');
  });

  it('has no demo endpoint unless asked, and none beyond loopback', async () => {
    const plain = await startSandbox();
    const response = await fetch(`${plain.url}/demo/token`, { method: 'POST' });
    expect(response.status).toBe(404);
    await plain.close();
    await expect(startSandbox({ demo: true, host: '0.0.0.0' })).rejects.toThrow('loopback');
  });

  /** Exchanges a token for credentials under a Host of one's choice, which `fetch` does not allow. */
  const asker = async (
    asked: Sandbox,
  ): Promise<(host: string) => Promise<{ status: number; answer: { ws_urls?: string[] } }>> => {
    const { token } = await asked.mintToken({ userUuid: 'alice' });
    return (host) =>
      waitFor('answer', 5000, (resolve, reject) => {
        const headers = { Host: host, Authorization: `Bearer ${token}` };
        const request = httpRequest(`${asked.url}/open/sdk/credentials`, { headers }, (response) => {
          let text = '';
          response.on('data', (data: Buffer) => (text += data.toString()));
          response.on('end', () => {
            const answer = JSON.parse(text) as { ws_urls?: string[] };
            resolve({ status: response.statusCode ?? 0, answer });
          });
        });
        request.on('error', reject);
        request.end();
        return () => request.destroy();
      });
  };

  it('tells agents to come to the host that they asked under, when it listens on all', async () => {
    const open = await startSandbox({ host: '0.0.0.0' });
    const ask = await asker(open);
    expect(open.url).toBe(`http://127.0.0.1:${open.port}`);
    expect(open.wsUrl).toBe(`ws://127.0.0.1:${open.port}/sip`);
    const lan = await ask(`192.0.2.7:${open.port}`);
    expect(lan).toMatchObject({ status: 200, answer: { ws_urls: [`ws://192.0.2.7:${open.port}/sip`] } });
    const forwarded = await ask('Phones.Example');
    expect(forwarded.answer.ws_urls).toEqual(['ws://phones.example/sip']);
    for (const host of ['user@phones.example', 'phones.example/path', 'phones.example:99999', '[::1']) {
      expect(await ask(host), host).toEqual({
        status: 400,
        answer: { success: false, error: 'the Host header is not a host and a port' },
      });
    }
    await open.close();
  });

  it('has one address for agents when it has one to listen on', async () => {
    const ask = await asker(sandbox);
    expect(await ask('elsewhere.example')).toMatchObject({
      status: 200,
      answer: { ws_urls: [sandbox.wsUrl] },
    });
  });

  it('rejects a token for nobody, as the platform does', async () => {
    await expect(sandbox.mintToken({ userUuid: 'a b' })).rejects.toThrow('user_uuid');
    await expect(sandbox.mintToken({ userUuid: 'echo' })).rejects.toThrow('customer');
  });

  it('says so when the port is taken', async () => {
    await expect(startSandbox({ port: sandbox.port })).rejects.toThrow(
      `port ${sandbox.port} of 127.0.0.1 is in use`,
    );
  });

  it('leaves the global scope as it was', () => {
    const names = ['window', 'RTCPeerConnection', 'RTCSessionDescription'];
    expect(names.filter((name) => name in globalThis)).toEqual([]);
  });
});

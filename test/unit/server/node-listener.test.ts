import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createAccessTokenHandler,
  createAccessTokens,
  toNodeListener,
  type Handler,
} from '../../../src/server/index';

const KEY = 'the-key-of-the-backend';
const mint = createAccessTokenHandler({
  tokens: createAccessTokens({ key: 'a-signing-secret-of-over-32-bytes' }),
  checkApiKey: KEY,
  maxBodyBytes: 1000,
  bodyTimeoutMs: 50,
});

let server: Server | undefined;

async function listen(handler: Handler): Promise<number> {
  server = createServer(toNodeListener(handler)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

interface Wire {
  socket: Socket;
  /** All that has come so far, once it holds `mark`. */
  until: (mark: string) => Promise<string>;
  ended: Promise<unknown>;
}

/** A client that writes its HTTP by hand. */
function open(port: number): Wire {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString()));
  socket.on('error', () => undefined);
  const until = async (mark: string): Promise<string> => {
    while (!text.includes(mark)) await once(socket, 'data');
    return text;
  };
  return { socket, until, ended: once(socket, 'close') };
}

const head = (...lines: string[]): string => [...lines, '', ''].join('\r\n');
const postHead = (...lines: string[]): string =>
  head(
    'POST /open/sdk/access-token HTTP/1.1',
    'Host: api.test',
    `X-User-API-Key: ${KEY}`,
    'Content-Type: application/json',
    ...lines,
  );
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Answers with what it was asked. */
const echo: Handler = async (request, context) =>
  Response.json({
    method: request.method,
    url: request.url,
    address: context?.address,
    cookies: request.headers.get('cookie'),
    body: await request.text(),
  });

describe("Node's HTTP server", () => {
  it('hands over method, URL, headers, body and the address of the caller', async () => {
    const port = await listen(echo);
    const response = await fetch(`http://127.0.0.1:${port}/a/b?c=%20d`, {
      method: 'PUT',
      headers: { Cookie: 'a=1; b=2' },
      body: 'täxt',
    });
    expect(await response.json()).toEqual({
      method: 'PUT',
      url: `http://127.0.0.1:${port}/a/b?c=%20d`,
      address: '127.0.0.1',
      cookies: 'a=1; b=2',
      body: 'täxt',
    });
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  it('takes a large body in pieces', async () => {
    const port = await listen(echo);
    const body = 'x'.repeat(3_000_000);
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    expect(((await response.json()) as { body: string }).body).toHaveLength(body.length);
  });

  it('sends status, body and repeated headers', async () => {
    const headers: [string, string][] = [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['X-One', 'one'],
    ];
    const port = await listen(() => Promise.resolve(new Response('gone', { status: 410, headers })));
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect([response.status, await response.text()]).toEqual([410, 'gone']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('X-One')).toBe('one');
  });

  it('answers 500 when a handler fails, and says nothing of why', async () => {
    for (const handler of [
      () => Promise.reject(new Error('secret')),
      () => {
        throw new Error('secret');
      },
    ]) {
      const port = await listen(handler);
      const response = await fetch(`http://127.0.0.1:${port}/`);
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('secret');
      server?.close();
    }
  });

  it.each([
    ['user@api.test'],
    ['api.test/open'],
    ['api.test?x'],
    ['api.test#x'],
    ['api.test:99999'],
    ['[::1'],
    ['a b'],
    [''],
  ])('refuses the Host "%s"', async (host) => {
    const { socket, until } = open(await listen(echo));
    socket.write(head('GET /private HTTP/1.1', `Host: ${host}`));
    expect(await until('}')).toMatch(/^HTTP\/1\.1 400 [^]*the Host header is not a host and a port/);
    socket.destroy();
  });

  it('takes targets as proxies send them, and refuses what is none', async () => {
    const port = await listen(echo);
    const ask = async (line: string): Promise<string> => {
      const { socket, until } = open(port);
      socket.write(head(line, 'Host: api.test'));
      const text = await until('}');
      socket.destroy();
      return text;
    };
    expect(await ask('GET http://other.test/a HTTP/1.1')).toContain('"url":"http://other.test/a"');
    expect(await ask('GET //other.test/a HTTP/1.1')).toContain('"url":"http://api.test//other.test/a"');
    expect(await ask('OPTIONS * HTTP/1.1')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await ask('TRACE / HTTP/1.1')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('answers before a body has come that it does not want, and goes on with the connection', async () => {
    const { socket, until } = open(await listen(mint));
    socket.write(postHead('X-User-API-Key: twice', 'Content-Length: 20') + 'x'.repeat(10));
    expect(await until('}')).toMatch(/^HTTP\/1\.1 403 /);
    socket.write('x'.repeat(10) + postHead('Content-Length: 21') + '{"user_uuid":"alice"}');
    expect(await until('"success":true')).toContain('"user_uuid":"alice"');
    socket.destroy();
  });

  it('lets the sender of too large a body read the answer, and closes', async () => {
    const { socket, until, ended } = open(await listen(mint));
    socket.write(postHead('Transfer-Encoding: chunked'));
    for (let count = 0; count < 20; count += 1) socket.write(chunk('x'.repeat(100)));
    const text = await until('}');
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text.toLowerCase()).toContain('connection: close');
    await ended;
  });

  it('does not wait for a body that stops coming', async () => {
    const { socket, until, ended } = open(await listen(mint));
    socket.write(postHead('Content-Length: 100') + '{');
    expect(await until('}')).toMatch(/^HTTP\/1\.1 408 /);
    await ended;
  });

  it('tells the handler when the sender is gone', async () => {
    const told: unknown[] = [];
    const reader = new EventTarget();
    const port = await listen(async (request) => {
      reader.dispatchEvent(new Event('asked'));
      const text = await request.text().catch((error: unknown) => error);
      told.push(text);
      reader.dispatchEvent(new Event('told'));
      return new Response();
    });
    const asked = once(reader, 'asked');
    const finished = once(reader, 'told');
    const { socket } = open(port);
    socket.write(postHead('Content-Length: 100') + '{');
    await asked;
    socket.destroy();
    await finished;
    expect(told[0]).toBeInstanceOf(Error);
  });
});

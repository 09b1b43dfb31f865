import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, resolve, sep } from 'node:path';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
  '.json': 'application/json',
  '.css': 'text/css; charset=utf-8',
  '.wav': 'audio/wav',
};

export interface StaticServerOptions {
  /** URL prefix to folder, longest prefix first: `{ '/dist/': '/abs/dist', '/': '/abs/page' }`. */
  folders?: Readonly<Record<string, string>>;
  /** URL path to HTML that the test writes itself: `{ '/': '<!doctype html>...' }`. Wins over folders. */
  pages?: Readonly<Record<string, string>>;
}

export interface StaticServer {
  /** Origin without a trailing slash. Loopback, hence a secure context with microphone access. */
  readonly url: string;
  close(): Promise<void>;
}

function fileFor(path: string, folders: Readonly<Record<string, string>>): string | undefined {
  for (const [prefix, folder] of Object.entries(folders)) {
    if (!path.startsWith(prefix)) continue;
    const root = resolve(folder);
    const file = resolve(root, `./${path.slice(prefix.length)}`);
    return file.startsWith(root + sep) ? file : undefined;
  }
  return undefined;
}

/** Serves folders and inline pages on a free loopback port. */
export async function startStaticServer(options: StaticServerOptions): Promise<StaticServer> {
  const { folders = {}, pages = {} } = options;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const page = pages[path];
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
      return;
    }
    const file = fileFor(path, folders);
    const read = file === undefined ? Promise.reject(new Error('outside every folder')) : readFile(file);
    read.then(
      (body) => {
        const type = CONTENT_TYPES[extname(path)] ?? 'application/octet-stream';
        response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
      },
      () => {
        response.writeHead(404).end();
      },
    );
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((closed, failed) => {
        server.close((error) => {
          if (error) failed(error);
          else closed();
        });
        server.closeAllConnections();
      }),
  };
}

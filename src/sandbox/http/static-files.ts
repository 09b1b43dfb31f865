/** Serves folders. What a path means is decided before the disk is touched, and links do not lead out. */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { RequestRefusal } from '../../server/handler';
import { decodePercent } from '../sip/headers';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

interface Mount {
  /** Begins and ends with a slash. */
  readonly prefix: string;
  readonly root: string;
}

export class StaticFiles {
  readonly #mounts: readonly Mount[];

  constructor(folders: Readonly<Record<string, string>>) {
    this.#mounts = Object.entries(folders)
      .map(([prefix, root]) => ({ prefix: `/${prefix}/`.replace(/\/+/g, '/'), root: resolve(root) }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** @throws RequestRefusal 400, 404 or 405 */
  async serve(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const mount = this.#mounts.find(({ prefix }) => `${pathname}/`.startsWith(prefix));
    if (mount === undefined) throw new RequestRefusal(404, 'nothing here');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new RequestRefusal(405, 'only GET and HEAD', { Allow: 'GET, HEAD' });
    }
    const file = await this.#find(mount, pathname.slice(mount.prefix.length));
    const { size } = await stat(file);
    response.writeHead(200, {
      'Content-Type': contentTypes[extname(file).toLowerCase()] ?? 'application/octet-stream',
      'Content-Length': size,
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      // A page of another origin may load the build with `crossorigin` and an integrity hash.
      'Access-Control-Allow-Origin': '*',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const stream = createReadStream(file);
    stream.on('error', () => response.destroy());
    response.on('close', () => stream.destroy());
    stream.pipe(response);
  }

  async #find(mount: Mount, escapedPath: string): Promise<string> {
    const path = decodePercent(escapedPath);
    if (path === undefined || path.includes('\0') || path.includes('\\'))
      throw new RequestRefusal(400, 'bad path');
    if (path.split('/').some((part) => part.startsWith('.'))) throw new RequestRefusal(404, 'nothing here');
    try {
      const root = await realpath(mount.root);
      let file = await realpath(join(root, path));
      if ((await stat(file)).isDirectory()) file = await realpath(join(file, 'index.html'));
      if (file.startsWith(root + sep) && (await stat(file)).isFile()) return file;
    } catch {
      // Not there: the same answer as for what must not be seen.
    }
    throw new RequestRefusal(404, 'nothing here');
  }
}

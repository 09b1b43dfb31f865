/**
 * The laboratory: three edges of the reference deployment (agents register with the first, or with the second where it
 * is to be killed; all far ends are at the third), and a browser in each room.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { startEdges, type Edges } from '../../../examples/kamailio/edge.mjs';
import { sipCredentials } from '../../../src/server/index';
import { launchChromium } from '../../support/chromium';
import { Room, prepareServers } from './namespaces';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HOSTS = ['10.79.0.1', '10.79.0.2', '10.79.0.3'] as const;
const ACCOUNT_MS = 3_600_000;
const AGENT_HZ = 600;
const FAR_HZ = 1000;
/** The edge that is killed. */
export const MORTAL = 2;
/** Where pages come from: Playwright answers for it, so that a page needs no network. A secure context. */
const ORIGIN = 'http://localhost';

/**
 * A page that Playwright answers for counts as one from the internet, which may not open a WebSocket to a private
 * address unasked. The last flag of this name wins, so the laboratory's own is in it.
 */
const BROWSER_FLAGS = [
  '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
];

export const ROOMS = ['desk', 'away', 'roaming', 'far'] as const;
export type RoomName = (typeof ROOMS)[number];

export interface Account {
  readonly ws_urls: readonly string[];
  readonly sip_uri: string;
  readonly authorization_username: string;
  readonly password: string;
}

export class World {
  #users = 0;

  private constructor(
    readonly edges: Edges,
    readonly rooms: ReadonlyMap<RoomName, Room>,
    private readonly browsers: ReadonlyMap<RoomName, Browser>,
    private readonly files: ReadonlyMap<string, string>,
  ) {}

  /** @param folder for what the run writes; removed with it */
  static async start(folder: string): Promise<World> {
    prepareServers(HOSTS);
    const directory = join(folder, 'edges');
    mkdirSync(directory, { recursive: true });
    const rooms = new Map<RoomName, Room>();
    for (const name of ROOMS) rooms.set(name, await Room.open(folder));
    const [edges, files, ...browsers] = await Promise.all([
      startEdges({ hosts: HOSTS, directory, turn: false, workers: 2, ports: { api: 0 } }),
      pageFiles(),
      ...[...rooms].map(async ([name, room]) => {
        const micToneHz = name === 'far' ? FAR_HZ : AGENT_HZ;
        return [
          name,
          await launchChromium({ micToneHz, executablePath: room.chromium, args: BROWSER_FLAGS }),
        ] as const;
      }),
    ]);
    return new World(edges, rooms, new Map(browsers), files);
  }

  room(name: RoomName): Room {
    const room = this.rooms.get(name);
    if (room === undefined) throw new Error(`there is no room "${name}"`);
    return room;
  }

  /** The WebSocket URL of an edge by number. */
  wsUrl(edge: number): string {
    return this.edges.edges[edge - 1]?.wsUrl ?? '';
  }

  /** A user that no other cell has. */
  newUser(name: string): string {
    this.#users += 1;
    return `${name.replaceAll(/\W+/g, '-')}-${this.#users}`;
  }

  async account(user: string, wsUrl: string): Promise<Account> {
    const expiresAt = new Date(Date.now() + ACCOUNT_MS);
    const { username, password } = await sipCredentials({ secret: this.edges.secrets.sip, user, expiresAt });
    return {
      ws_urls: [wsUrl],
      sip_uri: `sip:${user}@${this.edges.domain}`,
      authorization_username: username,
      password,
    };
  }

  async token(user: string): Promise<string> {
    return (await this.edges.mintToken({ userUuid: user, ttlSeconds: ACCOUNT_MS / 1000 })).token;
  }

  /** A new page with these scripts, in order; `problems` takes what it throws. */
  async page(room: RoomName, scripts: readonly string[], problems: string[]): Promise<Page> {
    const browser = this.browsers.get(room);
    if (browser === undefined) throw new Error(`no browser in "${room}"`);
    const context = await browser.newContext();
    await context.route(`${ORIGIN}/**`, (route) => {
      const path = new URL(route.request().url()).pathname.slice(1);
      const text = this.files.get(path);
      if (text !== undefined) return route.fulfill({ contentType: 'text/javascript', body: text });
      const tags = scripts.map((script) => `<script src="/${script}"></script>`).join('');
      return route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>faults</title>${tags}` });
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${ORIGIN}/`);
    return page;
  }

  async close(): Promise<void> {
    await Promise.all([...this.browsers.values()].map((browser) => browser.close()));
    await this.edges.close();
    for (const room of this.rooms.values()) room.close();
  }
}

async function pageFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of ['wire.js', 'hearing.js', 'agents.js', 'far-ends.js']) {
    files.set(name, await readFile(new URL(`../page/${name}`, import.meta.url), 'utf8'));
  }
  files.set('sdk.js', await readFile(`${ROOT}dist/index.global.js`, 'utf8'));
  const { outputFiles } = await build({
    stdin: { contents: "import JsSIP from 'jssip'; window.JsSIP = JsSIP;", resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    define: { global: 'globalThis' },
  });
  files.set('jssip.js', outputFiles[0]?.text ?? '');
  return files;
}

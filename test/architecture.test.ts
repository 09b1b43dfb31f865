import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findBreaches, type HousePlan, type SourceTree } from './tools/architecture-rules';

/** The house: bottom to top, imports only go down, rooms of one floor do not know each other. */
const PLAN: HousePlan = {
  rooms: {
    core: { floor: 0, packages: ['eventemitter3'] },
    auth: { floor: 1, packages: ['jose'] },
    sip: { floor: 1, packages: ['jssip'] },
    media: { floor: 1 },
    quality: { floor: 1 },
    storage: { floor: 1, packages: ['idb'] },
    tabs: { floor: 1 },
    registration: { floor: 2 },
    call: { floor: 2 },
    agent: { floor: 2, except: ['sip'], published: true },
    'noise-suppression': { floor: 2, packages: ['@sapphi-red/web-noise-suppressor'], published: true },
    device: { floor: 3 },
    view: { floor: 4 },
    react: { floor: 5, packages: ['react'], published: true },
    vue: { floor: 5, packages: ['vue'], published: true },
    svelte: { floor: 5, packages: ['svelte'], published: true },
    widget: { floor: 5, published: true },
    server: { floor: 'node', rooms: ['core'], packages: ['jose'], published: true, isWebStandard: true },
    sandbox: {
      floor: 'node',
      rooms: ['core', 'server'],
      packages: ['jssip', 'werift', 'ws'],
      published: true,
    },
  },
  reservations: [
    {
      room: 'core',
      touches: [
        ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'AbortSignal.timeout'],
        ...['Date.now', 'new Date()', 'performance.now', 'Math.random', 'console'],
      ],
    },
    {
      room: 'media',
      touches: ['*.mediaDevices', 'AudioContext', 'webkitAudioContext', 'OfflineAudioContext'],
    },
    { room: 'quality', touches: ['*.getStats'] },
    { room: 'storage', touches: ['indexedDB', '*.indexedDB'] },
    { room: 'tabs', touches: ['BroadcastChannel', 'navigator.locks'] },
    {
      room: 'registration',
      touches: [
        ...['event:online', 'event:offline', 'event:visibilitychange'],
        ...['ononline', 'onoffline', 'onvisibilitychange', 'document.onvisibilitychange'],
        ...['navigator.onLine', 'document.visibilityState', 'document.hidden'],
      ],
    },
  ],
  entries: ['src/index.ts'],
  maxLines: 400,
};

function readTree(): SourceTree {
  const root = new URL('../src/', import.meta.url);
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.[cm]?tsx?$/.test(path),
  );
  return Object.fromEntries(
    paths.map((path) => [`src/${path.replaceAll('\\', '/')}`, readFileSync(new URL(path, root), 'utf8')]),
  );
}

describe('the sources', () => {
  // Parses every source file; 3 s alone, more on a busy machine.
  it('keep to the plan', { timeout: 60_000 }, () => {
    const tree = readTree();
    expect(Object.keys(tree).length).toBeGreaterThan(0);
    expect(findBreaches(tree, PLAN)).toEqual([]);
  });
});

/** The breaches of one file among innocent neighbours. */
function breachesOf(path: string, text: string): string[] {
  const neighbours: SourceTree = {
    'src/core/clock.ts': 'export const clock = 1;\n',
    'src/auth/token.ts': 'export const token = 1;\n',
    'src/sip/session.ts': 'export const session = 1;\n',
    'src/call/call.ts': 'export const call = 1;\n',
    'src/device/device.ts': 'export const device = 1;\n',
    'src/sandbox/gateway.ts': 'export const gateway = 1;\n',
    'src/index.ts': "export { device } from './device/device';\n",
  };
  return findBreaches({ ...neighbours, [path]: text }, PLAN);
}

describe('the checker', () => {
  it('accepts imports that go down and what a room owns', () => {
    expect(
      breachesOf('src/call/hold.ts', "import { session } from '../sip/session';\nvoid session;\n"),
    ).toEqual([]);
    expect(breachesOf('src/core/timers.ts', 'export const t = setTimeout(() => Date.now(), 1);\n')).toEqual(
      [],
    );
    expect(breachesOf('src/sip/ua.ts', "import JsSIP from 'jssip';\nvoid JsSIP;\n")).toEqual([]);
    expect(
      breachesOf('src/sandbox/http.ts', "import 'node:http';\nsetTimeout(run, process.uptime());\n"),
    ).toEqual([]);
  });

  it.each([
    ['up', 'src/core/a.ts', "import { call } from '../call/call';", 'core -> call'],
    ['sideways', 'src/auth/a.ts', "import { session } from '../sip/session';", 'auth -> sip'],
    ['up by type', 'src/sip/a.ts', "import type { call } from '../call/call';", 'sip -> call'],
    ['up by import type', 'src/sip/a.ts', "export type C = import('../call/call').call;", 'sip -> call'],
    ['up by dynamic import', 'src/sip/a.ts', "export const c = import('../call/call');", 'sip -> call'],
    [
      'up by re-export',
      'src/core/a.ts',
      "export { call } from '../call/call';\nexport const b = 1;",
      'core -> call',
    ],
    ['into a closed room', 'src/agent/a.ts', "import { session } from '../sip/session';", 'agent -> sip'],
    [
      'into a Node room',
      'src/device/a.ts',
      "import { gateway } from '../sandbox/gateway';",
      'device -> sandbox',
    ],
    ['from a Node room', 'src/sandbox/a.ts', "import { call } from '../call/call';", 'sandbox -> call'],
  ])('refuses an import that goes %s', (_way, path, text, arrow) => {
    expect(breachesOf(path, text)).toEqual([`${path}:1 imports up or sideways: ${arrow}`]);
  });

  it('refuses imports of the entry, of nothing, and from outside src', () => {
    expect(breachesOf('src/call/a.ts', "import '../index';")).toEqual([
      'src/call/a.ts:1 imports the entry src/index.ts',
    ]);
    expect(breachesOf('src/call/a.ts', "import './gone';")).toEqual([
      'src/call/a.ts:1 imports ./gone, not a file of src',
    ]);
    expect(breachesOf('src/core/a.ts', "import '../../package.json';")).toEqual([
      'src/core/a.ts:1 imports ../../package.json, not a file of src',
    ]);
  });

  it.each(['jssip', 'jose', 'idb', 'eventemitter3', 'debug', '@scope/name/deep'])(
    'refuses the package %s outside its room',
    (name) => {
      const shown = name === '@scope/name/deep' ? '@scope/name' : name;
      expect(breachesOf('src/call/a.ts', `import x from '${name}';\nvoid x;`)).toEqual([
        `src/call/a.ts:1 imports the package ${shown} outside its room`,
      ]);
    },
  );

  it.each(['node:fs', 'fs', 'events', 'fs/promises'])(
    'refuses the Node builtin %s in a browser room',
    (name) => {
      expect(breachesOf('src/core/a.ts', `import '${name}';`)).toEqual([
        `src/core/a.ts:1 imports the Node builtin ${name}`,
      ]);
    },
  );

  it('lets a room beside the house that runs without Node have nothing of it', () => {
    const text = [
      "import type { IncomingMessage } from 'node:http';",
      "export type Server = import('http').Server;",
      'export const at = process.env.X;',
      "export const key = Buffer.from('');",
      'setTimeout(run, Date.now());',
    ].join('\n');
    expect(breachesOf('src/server/a.ts', text)).toEqual([
      'src/server/a.ts:1 imports the Node builtin node:http',
      'src/server/a.ts:2 imports the Node builtin http',
      "src/server/a.ts:3 touches Node's process",
      "src/server/a.ts:4 touches Node's Buffer",
    ]);
    expect(breachesOf('src/sandbox/a.ts', text)).toEqual([]);
  });

  it.each([
    ['setTimeout(run, 1);', 'setTimeout', 'core'],
    ['window.setInterval(run, 1);', 'setInterval', 'core'],
    ["globalThis['setTimeout'](run, 1);", 'setTimeout', 'core'],
    ['const { setTimeout: later } = globalThis;', 'setTimeout', 'core'],
    ['export const deps = { setTimeout };', 'setTimeout', 'core'],
    ['export const at = Date.now();', 'Date.now', 'core'],
    ['export const at = new Date();', 'new Date()', 'core'],
    ['export const dice = Math.random();', 'Math.random', 'core'],
    ["console.log('x');", 'console', 'core'],
    ['export const signal = AbortSignal.timeout(1);', 'AbortSignal.timeout', 'core'],
    ['export const m = navigator.mediaDevices;', '*.mediaDevices', 'media'],
    ['const { mediaDevices } = navigator;', '*.mediaDevices', 'media'],
    ['export const c = new AudioContext();', 'AudioContext', 'media'],
    ['export class C extends AudioContext {}', 'AudioContext', 'media'],
    ["export const has = typeof AudioContext !== 'undefined';", 'AudioContext', 'media'],
    ['export const s = pc.getStats();', '*.getStats', 'quality'],
    ["indexedDB.open('x');", 'indexedDB', 'storage'],
    ["export const b = new BroadcastChannel('x');", 'BroadcastChannel', 'tabs'],
    ["void navigator.locks.request('x', run);", 'navigator.locks', 'tabs'],
    ["addEventListener('online', run);", 'event:online', 'registration'],
    ["document.addEventListener('visibilitychange', run);", 'event:visibilitychange', 'registration'],
    ['export const up = navigator.onLine;', 'navigator.onLine', 'registration'],
  ])('refuses `%s` outside its room', (text, name, room) => {
    expect(breachesOf('src/device/a.ts', text)).toEqual([
      `src/device/a.ts:1 touches ${name}, which belongs to ${room}`,
    ]);
    expect(breachesOf(`src/${room}/a.ts`, text)).toEqual([]);
  });

  it('does not take names, types and injected facts for the globals', () => {
    const text = [
      'interface Clock { setTimeout(run: () => void, delayMs: number): void }',
      'export type Timer = ReturnType<typeof setTimeout>;',
      'export type Context = AudioContext;',
      'export const at = (expiresAtMs: number): Date => new Date(expiresAtMs);',
      'export const wait = (clock: Clock): void => clock.setTimeout(() => undefined, 1);',
      'export const injected = (setInterval: () => void): void => setInterval();',
      'export const keys = { console: 1, indexedDB: 2 };',
      "addEventListener('pagehide', () => undefined);",
    ].join('\n');
    expect(breachesOf('src/call/a.ts', text)).toEqual([]);
  });

  it.each(['process.env.X;', "Buffer.from('');", "require('./x');"])(
    'refuses Node global in `%s`',
    (text) => {
      const name = /^\w+/.exec(text)?.[0] ?? '';
      expect(breachesOf('src/core/a.ts', text)).toContain(`src/core/a.ts:1 touches Node's ${name}`);
    },
  );

  it('refuses cycles, also by type, also through a third file', () => {
    const tree = {
      'src/core/a.ts': "import { b } from './b';\nexport const a = b;\n",
      'src/core/b.ts': "import type { C } from './c';\nexport const b: C = 1;\n",
      'src/core/c.ts': "import { a } from './a';\nexport type C = typeof a;\n",
      'src/core/d.ts': "import { a } from './a';\nexport const d = a;\n",
    };
    expect(findBreaches(tree, PLAN)).toEqual([
      'src/core/a.ts:1 is in a cycle: src/core/a.ts <-> src/core/b.ts <-> src/core/c.ts',
    ]);
  });

  it('refuses long files, at the line', () => {
    const lines = (count: number): string => 'export {};\n'.repeat(count);
    expect(breachesOf('src/core/a.ts', `const a = 1;\n${lines(399)}`)).toEqual([]);
    expect(breachesOf('src/core/a.ts', `const a = 1;\n${lines(400)}`)).toEqual([
      'src/core/a.ts:1 has 401 lines, more than 400',
    ]);
  });

  it('refuses barrels inside rooms, but not the published entries', () => {
    const text = "export { clock } from '../core/clock';\n";
    expect(breachesOf('src/call/all.ts', text)).toEqual(['src/call/all.ts:1 is a barrel inside a room']);
    expect(breachesOf('src/call/index.ts', 'export const a = 1;\n')).toEqual([
      'src/call/index.ts:1 is a barrel inside a room',
    ]);
    expect(breachesOf('src/sandbox/index.ts', text)).toEqual([]);
    expect(breachesOf('src/index.ts', "export * from './core/clock';\n")).toEqual([
      'src/index.ts:1 exports by star: name what is public',
    ]);
  });

  it('refuses files outside the plan', () => {
    expect(breachesOf('src/utils/a.ts', 'export const a = 1;\n')).toEqual([
      'src/utils/a.ts:1 is in no room of the plan',
    ]);
    expect(breachesOf('src/other.ts', 'export const a = 1;\n')).toEqual([
      'src/other.ts:1 is in no room of the plan',
    ]);
  });
});

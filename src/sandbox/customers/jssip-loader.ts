/**
 * Loads a second copy of JsSIP whose browser globals are ours. JsSIP reads `window.RTCPeerConnection` and
 * `navigator.mediaDevices` as globals; defining those on `globalThis` would make every library of the host
 * process believe that it runs in a browser.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';
import { CustomerPeerConnection, CustomerSessionDescription } from '../media/peer-connection';
import type { JsSip } from './jssip-types';

/** What JsSIP looks for in the global scope; `navigator` and `WebSocket` so that it finds none. */
const privateGlobals = {
  window: { RTCPeerConnection: CustomerPeerConnection },
  navigator: {},
  RTCPeerConnection: CustomerPeerConnection,
  RTCSessionDescription: CustomerSessionDescription,
  WebSocket: undefined,
};

interface LoadedModule {
  exports: unknown;
}

type ModuleFunction = (
  module: LoadedModule,
  exports: unknown,
  require: (name: string) => unknown,
  filename: string,
  directory: string,
  ...globals: readonly unknown[]
) => void;

const cache = new Map<string, LoadedModule>();

function loadFile(filename: string): unknown {
  const known = cache.get(filename);
  if (known !== undefined) return known.exports;
  const module: LoadedModule = { exports: {} };
  // Before it runs: JsSIP's modules require each other in circles.
  cache.set(filename, module);
  const nodeRequire = createRequire(filename);
  const require = (name: string): unknown =>
    name.startsWith('.') && !name.endsWith('.json') ? loadFile(nodeRequire.resolve(name)) : nodeRequire(name);
  const parameters = [
    'module',
    'exports',
    'require',
    '__filename',
    '__dirname',
    ...Object.keys(privateGlobals),
  ];
  const run = compileFunction(readFileSync(filename, 'utf8'), parameters, { filename }) as ModuleFunction;
  run(module, module.exports, require, filename, dirname(filename), ...Object.values(privateGlobals));
  return module.exports;
}

export function loadJsSip(): JsSip {
  const entry = createRequire(import.meta.url).resolve('jssip');
  return loadFile(entry) as JsSip;
}

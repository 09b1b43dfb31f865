import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { installInto, makeTempFolder, packInto, run, writeFiles } from './packed';

/** Outside the repository, so that nothing resolves by luck from its `node_modules`. */
let folder: string;
let tarballPath: string;

beforeAll(async () => {
  folder = await makeTempFolder();
  ({ path: tarballPath } = await packInto(folder));
  await writeFiles(folder, { 'package.json': '{ "name": "consumer", "private": true, "type": "module" }' });
  await installInto(folder, [tarballPath]);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function node(file: string, source: string): Promise<unknown> {
  await writeFiles(folder, { [file]: source });
  return JSON.parse(await run(process.execPath, [file], folder));
}

/** Prints what an entry exports and proves that no DOM is around. */
const REPORT =
  'console.log(JSON.stringify({ dom: [typeof window, typeof document], ' +
  'exports: Object.keys(sdk).sort(), device: typeof sdk.Device, error: new sdk.VoiceSDKError("NOT_REGISTERED") instanceof Error }));';

interface Report {
  exports: string[];
}

describe('Node without a DOM', () => {
  it('imports the core as an ES module and requires it as CommonJS, with the same exports', async () => {
    const fromEsm = await node('core.mjs', `import * as sdk from '${manifest.name}';\n${REPORT}`);
    const fromCjs = await node('core.cjs', `const sdk = require('${manifest.name}');\n${REPORT}`);
    expect(fromEsm).toMatchObject({ dom: ['undefined', 'undefined'], device: 'function', error: true });
    expect(fromCjs).toEqual(fromEsm);
    expect((fromEsm as Report).exports).toEqual(expect.arrayContaining(['Device', 'VoiceSDKError']));
  });

  it('imports and requires noise suppression, and makes one', async () => {
    const report = 'console.log(JSON.stringify([Object.keys(sdk), sdk.createNoiseSuppression().name]));';
    const name = `${manifest.name}/noise-suppression`;
    const fromEsm = await node('noise.mjs', `import * as sdk from '${name}';\n${report}`);
    expect(fromEsm).toEqual([['createNoiseSuppression'], 'noise-suppression']);
    expect(await node('noise.cjs', `const sdk = require('${name}');\n${report}`)).toEqual(fromEsm);
  });

  it('starts nothing by being imported: no timer, no socket, no port', async () => {
    const report =
      'const kinds = /Timeout|Immediate|TCP|UDP|MessagePort/;' +
      'console.log(JSON.stringify(process.getActiveResourcesInfo().filter((kind) => kinds.test(kind))));';
    expect(await node('idle.mjs', `import '${manifest.name}';\n${report}`)).toEqual([]);
    expect(await node('busy.mjs', `setTimeout(() => undefined, 1);\n${report}`)).toEqual(['Timeout']);
  });
});

describe('a bundler that sets the condition `browser`', () => {
  const bundle = (entry: string, conditions: string[] = []): ReturnType<typeof build> =>
    build({
      conditions,
      stdin: { contents: `import * as sdk from '${entry}'; globalThis.sdk = sdk;`, resolveDir: folder },
      bundle: true,
      write: false,
      platform: 'browser',
      logLevel: 'silent',
    });

  it('takes the core', async () => {
    const { outputFiles } = await bundle(manifest.name);
    expect(outputFiles?.[0]?.text).toContain('VoiceSDKError');
  });

  it('takes noise suppression with all that it loads, in one file or in several', async () => {
    const { outputFiles } = await bundle(`${manifest.name}/noise-suppression`);
    expect(outputFiles?.[0]?.text).toContain('2chat-noise-suppression');
    // The beginning of every WebAssembly file, in base64.
    expect(outputFiles?.[0]?.text).toContain('AGFzbQEAAAAB');
    const several = await build({
      stdin: { contents: `export * from '${manifest.name}/noise-suppression';`, resolveDir: folder },
      bundle: true,
      splitting: true,
      format: 'esm',
      outdir: folder,
      write: false,
      platform: 'browser',
    });
    const sizes = several.outputFiles.map(({ contents }) => contents.length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(several.outputFiles.find(({ path }) => path.endsWith('stdin.js'))?.contents.length).toBeLessThan(
      40_000,
    );
    expect(Math.max(...sizes)).toBeGreaterThan(200_000);
  });

  it('is refused what is for servers', async () => {
    await expect(bundle(`${manifest.name}/sandbox`)).rejects.toThrow(/sandbox/);
    await expect(bundle(`${manifest.name}/server`)).rejects.toThrow(/server/);
  });

  it.each(['workerd', 'edge-light', 'fastly'])(
    'gives the server side to the edge runtime "%s", which has no module of Node',
    async (runtime) => {
      // Bundlers for these runtimes set `browser` as well.
      const { outputFiles } = await bundle(`${manifest.name}/server`, [runtime, 'browser']);
      // A context of its own has only what the language has; this is what it needs of the web.
      const { Request, Response, Headers, URL, TextEncoder, TextDecoder, crypto, btoa, atob } = globalThis;
      const web = { Request, Response, Headers, URL, TextEncoder, TextDecoder, crypto, btoa, atob };
      // Its byte arrays must be of the realm that encodes and clones.
      const realm = { Uint8Array, structuredClone };
      const world: Record<string, unknown> = createContext({ ...web, ...realm, setTimeout, clearTimeout });
      expect(runInContext('typeof process + typeof Buffer + typeof require', world)).toBe(
        'undefined'.repeat(3),
      );
      runInContext(outputFiles?.[0]?.text ?? '', world);
      const answer = (await runInContext(EXCHANGE, world)) as Record<string, unknown>;
      expect(answer).toMatchObject({ sip_uri: 'sip:alice@sip.test', ws_urls: ['wss://sip.test'] });
    },
  );
});

/** A backend asks for a token and an agent exchanges it, all within one expression. */
const EXCHANGE = `(async () => {
  const secret = 'a secret that has more than thirty-two bytes';
  const tokens = sdk.createAccessTokens({ key: secret });
  const mint = sdk.createAccessTokenHandler({ tokens, checkApiKey: 'key' });
  const sip = { secret, domain: 'sip.test', wsUrls: ['wss://sip.test'] };
  const exchange = sdk.createCredentialsHandler({ tokens, sip, turn: { secret, urls: 'turn:turn.test' } });
  const headers = { 'X-User-API-Key': 'key', 'Content-Type': 'application/json' };
  const body = '{"user_uuid":"alice"}';
  const { token } = await (await mint(new Request('https://api.test/', { method: 'POST', headers, body }))).json();
  const answer = await exchange(new Request('https://api.test/', { headers: { Authorization: 'Bearer ' + token } }));
  return answer.json();
})()`;

describe('the server side in Node', () => {
  it('works as an ES module and as CommonJS, with the same exports', async () => {
    const report = `(async () => {
      const answer = await ${EXCHANGE};
      console.log(JSON.stringify({ exports: Object.keys(sdk).sort(), user: answer.sip_uri }));
    })();`;
    const fromEsm = await node('server.mjs', `import * as sdk from '${manifest.name}/server';\n${report}`);
    const fromCjs = await node('server.cjs', `const sdk = require('${manifest.name}/server');\n${report}`);
    expect(fromEsm).toMatchObject({ user: 'sip:alice@sip.test' });
    expect(fromCjs).toEqual(fromEsm);
    expect((fromEsm as Report).exports).toEqual([
      'AccessTokenError',
      'RequestRefusal',
      'createAccessTokenHandler',
      'createAccessTokens',
      'createCredentialsHandler',
      'createSipVerifier',
      'createTokenVerifier',
      'sipCredentials',
      'toNodeListener',
      'turnCredentials',
    ]);
  });
});

describe('the sandbox in Node, with its peers installed', () => {
  const START = `
    const sandbox = await startSandbox();
    const { status } = await fetch(sandbox.url + '/open/sdk/credentials');
    await sandbox.close();
    console.log(JSON.stringify({ host: new URL(sandbox.url).hostname, status }));`;
  const started = { host: expect.stringMatching(/^(127\.0\.0\.1|localhost)$/) as string, status: 401 };

  beforeAll(async () => {
    const peers = Object.entries(manifest.peerDependencies).map(([name, range]) => `${name}@${range}`);
    await installInto(folder, peers);
  });

  it('starts and ends as an ES module', async () => {
    const source = `import { startSandbox } from '${manifest.name}/sandbox';${START}`;
    expect(await node('sandbox.mjs', source)).toEqual(started);
  });

  it('starts and ends as CommonJS', async () => {
    const source = `const { startSandbox } = require('${manifest.name}/sandbox');(async () => {${START}})();`;
    expect(await node('sandbox.cjs', source)).toEqual(started);
  });

  it('comes with its command', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    const command = join(folder, 'node_modules/.bin/2chat-sandbox');
    expect(await run(command, ['--help'], elsewhere)).toContain('2chat-sandbox');
  });
});

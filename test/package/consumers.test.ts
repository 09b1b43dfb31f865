import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { installInto, makeTempFolder, packInto, ROOT, run, writeFiles } from './packed';
import { CORE_CONSUMER, SANDBOX_CONSUMER } from './consumer-sources';

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

  it('starts nothing by being imported: no timer, no socket, no port', async () => {
    const report =
      'const kinds = /Timeout|Immediate|TCP|UDP|MessagePort/;' +
      'console.log(JSON.stringify(process.getActiveResourcesInfo().filter((kind) => kinds.test(kind))));';
    expect(await node('idle.mjs', `import '${manifest.name}';\n${report}`)).toEqual([]);
    expect(await node('busy.mjs', `setTimeout(() => undefined, 1);\n${report}`)).toEqual(['Timeout']);
  });
});

describe('TypeScript, strict, with skipLibCheck off and without @types of any kind', () => {
  const modes = [
    { module: 'node16', moduleResolution: 'node16', file: 'consumer.mts' },
    { module: 'node16', moduleResolution: 'node16', file: 'consumer.cts' },
    { module: 'esnext', moduleResolution: 'bundler', file: 'consumer.ts' },
  ].flatMap((mode) =>
    [true, false].map((exactOptionalPropertyTypes) => ({ ...mode, exactOptionalPropertyTypes })),
  );

  it.each(modes)(
    'compiles $file with moduleResolution $moduleResolution, exactOptionalPropertyTypes $exactOptionalPropertyTypes',
    async ({ file, ...compilerMode }) => {
      const config = {
        compilerOptions: {
          ...compilerMode,
          target: 'es2020',
          lib: ['es2020', 'dom'],
          types: [],
          strict: true,
          skipLibCheck: false,
          noEmit: true,
        },
        files: [file],
      };
      await writeFiles(folder, {
        [file]: CORE_CONSUMER + SANDBOX_CONSUMER,
        'tsconfig.json': JSON.stringify(config),
      });
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      expect(await run(process.execPath, [tsc, '-p', 'tsconfig.json'], folder)).toBe('');
    },
  );
});

describe('a bundler for browsers', () => {
  const bundle = (entry: string): ReturnType<typeof build> =>
    build({
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

  it('is refused the sandbox, which is for Node', async () => {
    await expect(bundle(`${manifest.name}/sandbox`)).rejects.toThrow(/sandbox/);
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

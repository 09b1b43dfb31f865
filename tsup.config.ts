import { createHash } from 'node:crypto';
import { build } from 'esbuild';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';
import { browserAliases, trimJsSip } from './browser-bundle.js';
import manifest from './package.json' with { type: 'json' };
import { LEVEL_WORKLET_SOURCE } from './src/media/meters/level-worklet.js';

/** Private class members as the engine has them: Chrome 84, Firefox 90, Safari 15. Older ones miss WebRTC features too. */
const BROWSER_TARGET = 'es2022';

/**
 * jose 6 ships ES modules only, so `require('jose')` fails in Node before 20.19 and in Jest. The CommonJS files
 * carry the few functions they use; the ES modules import it like any other dependency.
 */
const BUNDLED_IN_COMMONJS = ['jose'];

/** The browser files carry their dependencies, so that a page gets exactly the JsSIP whose private hooks are tested. */
const browserBundle: Pick<Options, 'noExternal' | 'esbuildOptions' | 'esbuildPlugins'> = {
  noExternal: [/./],
  esbuildOptions(options) {
    options.alias = browserAliases;
  },
  esbuildPlugins: [trimJsSip],
};

const library: Options = {
  outDir: 'dist',
  format: ['esm', 'cjs'],
  noExternal: BUNDLED_IN_COMMONJS,
  sourcemap: true,
  esbuildOptions(options, { format }) {
    if (format === 'esm') options.external = [...(options.external ?? []), ...BUNDLED_IN_COMMONJS];
  },
};

const browser: Options = {
  // Every browser entry belongs in this one list: built apart, each would hold its own copy of the classes.
  entry: ['src/index.ts', 'src/noise-suppression/index.ts'],
  platform: 'browser',
  target: BROWSER_TARGET,
  splitting: true,
  ...browserBundle,
};

const CORE_TYPES = { entry: 'src/index.ts' };

/** Shared chunks lie beside the entries, so a path relative to `import.meta.url` is the same from each of them. */
const node: Options = { outDir: 'dist/sandbox', platform: 'node', target: 'node20' };

/** Neutral, so that a module of Node's fails the build: the file has to load on edge runtimes. */
const server: Options = { outDir: 'dist/server', platform: 'neutral', target: 'es2022' };

/** What the browser files carry of others, each with the notice that its licence asks to be kept. */
const BUNDLED_PACKAGES = ['jssip', 'eventemitter3', 'idb', 'jose', '@sapphi-red/web-noise-suppressor'];

/** What those packages carry of others in their turn, without its notice. */
const BUNDLED_WITHIN = { RNNoise: 'src/noise-suppression/RNNOISE_LICENSE.txt' };

async function thirdPartyLicenses(): Promise<string> {
  const texts = BUNDLED_PACKAGES.map(async (name) => {
    const folder = `node_modules/${name}`;
    const { version } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as { version: string };
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no licence file to pass on`);
    return `${name} ${version}\n\n${await readFile(`${folder}/${file}`, 'utf8')}`;
  });
  const within = Object.entries(BUNDLED_WITHIN).map(
    async ([name, file]) => `${name}\n\n${await readFile(file, 'utf8')}`,
  );
  return (await Promise.all([...texts, ...within])).join('\n\n----------------------------------------\n\n');
}

/** What runs in the audio thread: one script without imports, in the package as a file and, as text, in the code. */
async function noiseSuppressionWorklet(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['src/noise-suppression/worklet.ts'],
    outfile: 'dist/noise-suppression/worklet.js',
    bundle: true,
    minify: true,
    format: 'iife',
    target: BROWSER_TARGET,
    write: false,
  });
  const [{ text } = { text: '' }] = outputFiles;
  await mkdir('dist/noise-suppression', { recursive: true });
  await writeFile('dist/noise-suppression/worklet.js', text);
  return text;
}

/** The script-tag build is the same bytes in both folders, so that one integrity value serves both paths. */
async function publishToCdnFolder(): Promise<void> {
  await rm('dist-cdn', { recursive: true, force: true });
  await mkdir('dist-cdn');
  for (const file of ['index.global.js', 'index.global.js.map'])
    await copyFile(`dist/${file}`, `dist-cdn/${file}`);
  const bytes = await readFile('dist-cdn/index.global.js');
  const integrity = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
  const src = `https://cdn.jsdelivr.net/npm/${manifest.name}@${manifest.version}/dist-cdn/index.global.js`;
  const sri = {
    version: manifest.version,
    file: 'index.global.js',
    bytes: bytes.length,
    integrity,
    script: `<script src="${src}" integrity="${integrity}" crossorigin="anonymous"></script>`,
  };
  const licenses = await thirdPartyLicenses();
  for (const folder of ['dist', 'dist-cdn']) {
    await writeFile(`${folder}/THIRD_PARTY_LICENSES.txt`, licenses);
    // For pages whose policy refuses modules from `blob:` URLs.
    await writeFile(`${folder}/level-worklet.js`, LEVEL_WORKLET_SOURCE);
  }
  await writeFile('dist-cdn/sri.json', `${JSON.stringify(sri, null, 2)}\n`);
}

export default defineConfig(async (flags) => {
  await rm('dist', { recursive: true, force: true });
  // `--no-dts` skips the slow half of the build where nobody reads the declarations (`npm start`).
  const dts = flags.dts !== false;
  const embedded: Pick<Options, 'define' | 'loader'> = {
    define: { NOISE_SUPPRESSION_WORKLET: JSON.stringify(await noiseSuppressionWorklet()) },
    loader: { '.wasm': 'binary' },
  };
  return [
    { ...library, ...browser, ...embedded, name: 'browser esm', format: ['esm'], dts: dts && CORE_TYPES },
    {
      ...library,
      ...browser,
      ...embedded,
      name: 'browser cjs',
      format: ['cjs'],
      // Rollup turns the shared chunks into CommonJS. The other way that tsup has, sucrase, rewrites class fields
      // on the way and has made files that no engine parses.
      treeshake: 'safest',
      dts: dts && CORE_TYPES,
    },
    // On its own: declarations that entries share would come in files of their own, with names cut short.
    ...(dts
      ? [
          {
            ...library,
            name: 'noise suppression types',
            entry: { 'noise-suppression/index': 'src/noise-suppression/index.ts' },
            dts: { only: true },
          },
        ]
      : []),
    {
      ...library,
      ...node,
      name: 'node esm',
      entry: ['src/sandbox/index.ts', 'src/sandbox/cli.ts'],
      format: ['esm'],
      splitting: true,
      dts: dts && { entry: 'src/sandbox/index.ts' },
    },
    {
      ...library,
      ...node,
      name: 'node cjs',
      entry: ['src/sandbox/index.ts'],
      format: ['cjs'],
      // Gives CommonJS an `import.meta.url`.
      shims: true,
      dts,
    },
    {
      ...library,
      ...server,
      name: 'server',
      entry: ['src/server/index.ts'],
      dts,
    },
    {
      name: 'cdn',
      entry: ['src/index.ts'],
      outDir: 'dist',
      format: ['iife'],
      globalName: 'TwoChatVoice',
      platform: 'browser',
      target: BROWSER_TARGET,
      // A page has no Node globals; the `debug` package looks for them.
      define: {
        process: 'undefined',
        'window.process': 'undefined',
        global: 'globalThis',
      },
      minify: true,
      sourcemap: true,
      dts: false,
      ...browserBundle,
      onSuccess: publishToCdnFolder,
    },
  ];
});

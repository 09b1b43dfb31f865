// Prints what the SDK costs a page: `dist/index.js` with all its dependencies, bundled and minified as an
// integrator's bundler would, without what it loads on demand, and how much of it is JsSIP. Fails above the budget.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** 72 kB in SI bytes, compressed by gzip -9: the stricter reading of the promise. */
const BUDGET_GZIP_BYTES = 72_000;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

async function bundle(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    splitting: true,
    metafile: true,
    outdir: ROOT,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
  });
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === '<stdin>');
  const eager = new Set([entry]);
  for (const path of eager)
    for (const { kind, path: imported } of metafile.outputs[path].imports)
      if (kind === 'import-statement') eager.add(imported);
  const isEager = ({ path }) => [...eager].some((name) => path.endsWith(name));
  const bytes = Buffer.concat(outputFiles.filter(isEager).map(({ contents }) => contents));
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  };
}

const whole = await bundle("export * from './dist/index.js';");
const jssip = await bundle("import JsSIP from 'jssip'; globalThis.JsSIP = JsSIP;");
const rest = Object.fromEntries(Object.keys(whole).map((key) => [key, whole[key] - jssip[key]]));

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
console.log(`${''.padEnd(22)}${['raw', 'gzip', 'brotli'].map((word) => word.padStart(10)).join('')}`);
for (const [name, sizes] of Object.entries({
  'the whole core': whole,
  'JsSIP alone': jssip,
  'everything else': rest,
})) {
  console.log(name.padEnd(22) + kilobytes(sizes.raw) + kilobytes(sizes.gzip) + kilobytes(sizes.brotli));
}
const over = whole.gzip - BUDGET_GZIP_BYTES;
console.log(
  over > 0
    ? `${whole.gzip} bytes gzip: ${over} over the budget of ${BUDGET_GZIP_BYTES}`
    : `${whole.gzip} bytes gzip of a budget of ${BUDGET_GZIP_BYTES}: ${-over} left`,
);
process.exitCode = over > 0 ? 1 : 0;

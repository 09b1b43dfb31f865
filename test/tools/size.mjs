// Prints what the SDK costs a page: `dist/index.js` with all its dependencies, bundled and minified as an
// integrator's bundler would, beside JsSIP as npm has it. What is loaded later, by import(), is shown beside it and does
// not count. Fails above the budget.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** 83 kB in SI bytes, compressed by gzip -9: the stricter reading of the promise. */
const BUDGET_GZIP_BYTES = 83_000;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

async function bundle(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: ROOT, sourcefile: 'page.js' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    splitting: true,
    outdir: ROOT,
    absWorkingDir: ROOT,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
  });
  const atOnce = new Set();
  const visit = (path) => {
    if (atOnce.has(path)) return;
    atOnce.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports)
      if (kind === 'import-statement') visit(next);
  };
  visit(Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === 'page.js'));
  const sizes = (isWanted) => {
    const sum = { raw: 0, gzip: 0, brotli: 0 };
    for (const { contents: bytes } of outputFiles.filter((file) => isWanted(relative(ROOT, file.path)))) {
      sum.raw += bytes.length;
      sum.gzip += gzipSync(bytes, { level: 9 }).length;
      sum.brotli += brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
    }
    return sum;
  };
  return { ...sizes((path) => atOnce.has(path)), later: sizes((path) => !atOnce.has(path)) };
}

const whole = await bundle("export * from './dist/index.js';");
const jssip = await bundle("import JsSIP from 'jssip'; globalThis.JsSIP = JsSIP;");

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
console.log(`${''.padEnd(22)}${['raw', 'gzip', 'brotli'].map((word) => word.padStart(10)).join('')}`);
for (const [name, sizes] of Object.entries({
  'the whole core': whole,
  'loaded on demand': whole.later,
  'JsSIP alone, from npm': jssip,
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

// Imports a TypeScript file of this repository from a plain script: bundled, with packages left where they are.
import { rm } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const CACHE = new URL('../.artifacts/', import.meta.url);

/** The module's exports. `url` is a file URL. */
export async function importTs(url) {
  const outfile = fileURLToPath(
    new URL(`import-${process.pid}-${url.pathname.split('/').at(-1)}.mjs`, CACHE),
  );
  await build({
    entryPoints: [fileURLToPath(url)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(outfile);
  }
}

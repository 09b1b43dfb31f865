import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/index.global.js',
  'dist/sandbox/cli.js',
  'dist/server/index.js',
  'dist-cdn/sri.json',
];

/** Vitest global setup of the suites that test the built files rather than the sources; the bench measures those too. */
export function setup(): void {
  const missing = BUILT.filter((file) => !existsSync(join(ROOT, file)));
  if (missing.length > 0)
    throw new Error(`This runs over the built files; missing: ${missing.join(', ')}. Run: npm run build`);
  const builtAtMs = Math.min(...BUILT.map((file) => changedAtMs(join(ROOT, file))));
  const newer = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => changedAtMs(file) > builtAtMs);
  if (newer.length > 0)
    throw new Error(`This runs over the built files; ${newer.join(', ')} changed since. Run: npm run build`);
}

function changedAtMs(file: string): number {
  return statSync(file).mtimeMs;
}

import { existsSync } from 'node:fs';

const BUILT = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/index.global.js',
  'dist/sandbox/cli.js',
  'dist/server/index.js',
  'dist-cdn/sri.json',
];

/** Vitest global setup of the suites that test the built files rather than the sources. */
export function setup(): void {
  const missing = BUILT.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)));
  if (missing.length === 0) return;
  throw new Error(`These tests run over the built files; missing: ${missing.join(', ')}. Run: npm run build`);
}

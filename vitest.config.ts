import { build } from 'esbuild';
import { defineConfig, type Plugin } from 'vitest/config';
import { browserAliases, trimJsSip } from './browser-bundle.js';

/** Real media on a loaded machine: the default of one second fails calls that are only slow. */
const PATIENT = { poll: { timeout: 10_000 } };

const BROWSER = {
  environment: 'node' as const,
  globalSetup: ['test/tools/require-build.ts', 'test/support/chromium.ts'],
  pool: 'forks' as const,
  expect: PATIENT,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

/** These measure loudness or quality: whatever else runs would be measured with them. */
const MEASURED = ['levels', 'preflight', 'sounds'].map((name) => `test/browser/${name}.test.ts`);

/** The parts of JsSIP that src/sip imports. */
const JSSIP = ['UA', 'RTCSession', 'URI', 'NameAddrHeader'].map((part) => `jssip/lib/${part}.js`);
const JSSIP_BUNDLE = '\0jssip-as-shipped';

/**
 * Gives the unit tests JsSIP as the browser files carry it, with another event emitter and without some of its
 * classes: what is never loaded from npm by a page should not be what is tested.
 */
const jssipAsShipped: Plugin = {
  name: 'jssip-as-shipped',
  enforce: 'pre',
  resolveId: (id) => (id === JSSIP_BUNDLE ? id : JSSIP.includes(id) ? `\0${id}` : undefined),
  async load(id) {
    const part = JSSIP.indexOf(id.slice(1));
    if (part >= 0) return `export { part${part} as default } from ${JSON.stringify(JSSIP_BUNDLE)};`;
    if (id !== JSSIP_BUNDLE) return undefined;
    const { outputFiles } = await build({
      stdin: {
        contents: JSSIP.map((path, index) => `export { default as part${index} } from '${path}';`).join('\n'),
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      alias: browserAliases,
      plugins: [trimJsSip],
    });
    return outputFiles[0]?.text;
  },
};

export default defineConfig({
  test: {
    // An empty suite is a mistake in a path, not a success.
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        extends: true,
        plugins: [jssipAsShipped],
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'],
          environment: 'node',
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          environment: 'node',
          // Processes, not threads: native media addons crash in worker threads.
          pool: 'forks',
          // Real media is measured against the clock; files side by side would measure each other.
          fileParallelism: false,
          expect: PATIENT,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          ...BROWSER,
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          exclude: MEASURED,
          // Calls last as long on any machine: two files side by side mostly wait.
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          ...BROWSER,
          name: 'browser-measured',
          include: MEASURED,
          fileParallelism: false,
          // When the others are through.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          // Only by `npm run test:interop`, which makes the laboratory around it.
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/interop/require-lab.ts', 'test/tools/require-build.ts'],
          pool: 'forks',
          fileParallelism: false,
          expect: PATIENT,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          // Only by `npm run test:scale`, which makes the laboratory around it.
          name: 'scale',
          include: ['test/scale/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/tools/require-build.ts'],
          pool: 'forks',
          fileParallelism: false,
          expect: PATIENT,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          // Only by `npm run test:faults`, which makes the laboratory around it.
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/faults/require-lab.ts', 'test/tools/require-build.ts'],
          pool: 'forks',
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          // Only by `npm run test:quality`, which keeps the record of what they find.
          name: 'quality',
          include: ['test/quality/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/quality/require-lab.ts', 'test/tools/require-build.ts'],
          pool: 'forks',
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/tools/require-build.ts', 'test/support/chromium.ts'],
          maxWorkers: 2,
          // Packing, an npm install and two TypeScript programs, on a loaded machine.
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

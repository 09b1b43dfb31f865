import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const part = (name: string): string => fileURLToPath(new URL(`src/sip/jssip-parts/${name}`, import.meta.url));

/**
 * What the browser files leave out of JsSIP: `debug`, which prints Authorization headers, and a second event emitter.
 */
export const browserAliases: Record<string, string> = {
  debug: fileURLToPath(new URL('src/sip/no-debug.cjs', import.meta.url)),
  events: 'eventemitter3',
};

/** Its classes are asked for late, as in the original: they need the parser themselves. */
const GRAMMAR = `
const { parse } = require(${JSON.stringify(part('grammar.ts'))});
exports.parse = (input, rule) =>
  parse(input, rule, { URI: require('./URI'), NameAddrHeader: require('./NameAddrHeader') });
`;

/**
 * Leaves out its whole manifest as well, and classes that are never reached: SUBSCRIBE, NOTIFY and MESSAGE are
 * answered 405 and OPTIONS 200 before them, and REFER is refused by the SDK. Its parser, generated from a grammar,
 * is a third of all its bytes; a page gets ours.
 */
export const trimJsSip: Plugin = {
  name: 'trim-jssip',
  setup(build) {
    build.onLoad({ filter: /[\\/]jssip[\\/]package\.json$/ }, async ({ path }) => {
      const { title, version } = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
      return { contents: JSON.stringify({ title, version }), loader: 'json' };
    });
    build.onLoad({ filter: /[\\/]jssip[\\/]lib[\\/]Grammar\.js$/ }, ({ path }) => ({
      contents: GRAMMAR,
      loader: 'js',
      resolveDir: dirname(path),
    }));
    build.onLoad(
      {
        filter:
          /[\\/]jssip[\\/]lib[\\/](Subscriber|Notifier|Message|Options|RTCSession[\\/]ReferNotifier)\.js$/,
      },
      () => ({
        contents: 'module.exports = class {};',
        loader: 'js',
      }),
    );
  },
};

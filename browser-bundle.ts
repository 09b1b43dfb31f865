import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const part = (name: string): string => fileURLToPath(new URL(`src/sip/jssip-parts/${name}`, import.meta.url));

/** A second event emitter, and an SDP library of which JsSIP uses one attribute. */
export const browserAliases: Record<string, string> = {
  events: 'eventemitter3',
  'sdp-transform': part('session-description.ts'),
};

/** Its classes are asked for late, as in the original: they need the parser themselves. */
const GRAMMAR = `
const { parse } = require(${JSON.stringify(part('grammar.ts'))});
exports.parse = (input, rule) =>
  parse(input, rule, { URI: require('./URI'), NameAddrHeader: require('./NameAddrHeader') });
`;

/**
 * Classes that are never reached: SUBSCRIBE, NOTIFY and MESSAGE are answered 405 and OPTIONS 200 before them, and
 * REFER is refused by the SDK. The logger is one of them once its lines are gone.
 */
const UNREACHED = /^(Logger|Subscriber|Notifier|Message|Options|RTCSession\/ReferNotifier)\.js$/;

/** Throws where JsSIP is no longer what is replaced here. */
function replaced(text: string, pattern: RegExp, replacement: string): string {
  const result = text.replace(pattern, replacement);
  if (result === text) throw new Error(`JsSIP has changed: nothing matches ${pattern.source}`);
  return result;
}

/**
 * What the browser files carry of JsSIP. Its parser, generated from a grammar, is a third of all its bytes; a page
 * gets ours, and our MD5. Its log lines go: they print whole SIP messages with their Authorization header as soon as
 * anybody sets `localStorage.debug`. So does its manifest, but for the name that it reads.
 */
export const trimJsSip: Plugin = {
  name: 'trim-jssip',
  setup(build) {
    build.onLoad({ filter: /[\\/]jssip[\\/]package\.json$/ }, async ({ path }) => {
      const { title, version } = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
      return { contents: JSON.stringify({ title, version }), loader: 'json' };
    });
    build.onLoad({ filter: /[\\/]jssip[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
      const [, file = ''] = path.replaceAll('\\', '/').split('/jssip/lib/');
      const resolveDir = dirname(path);
      if (file === 'Grammar.js') return { contents: GRAMMAR, resolveDir };
      if (UNREACHED.test(file)) return { contents: 'module.exports = class {};' };
      let source = await readFile(path, 'utf8');
      if (file === 'Utils.js')
        source = replaced(
          source,
          /exports\.calculateMD5 = [^]*?\n\};/,
          `exports.calculateMD5 = require(${JSON.stringify(part('md5.ts'))}).md5;`,
        );
      // As calls of the console they can be dropped by the compiler, with all that is made for them.
      const { code } = await build.esbuild.transform(source.replace(/\blogger\w*\.(?=\w+\()/g, 'console.'), {
        drop: ['console'],
        minifySyntax: true,
      });
      if (/\blogger\w*\./.test(code)) throw new Error(`a log line is left in ${path}`);
      return { contents: code, resolveDir };
    });
  },
};

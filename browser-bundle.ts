import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * What the browser files leave out of JsSIP: `debug`, which prints Authorization headers, and a second event emitter.
 */
export const browserAliases: Record<string, string> = {
  debug: fileURLToPath(new URL('src/sip/no-debug.cjs', import.meta.url)),
  events: 'eventemitter3',
};

/**
 * Leaves out its whole manifest as well, and classes that are never reached: SUBSCRIBE, NOTIFY and MESSAGE are
 * answered 405 and OPTIONS 200 before them, and REFER is refused by the SDK.
 */
export const trimJsSip: Plugin = {
  name: 'trim-jssip',
  setup(build) {
    build.onLoad({ filter: /[\\/]jssip[\\/]package\.json$/ }, async ({ path }) => {
      const { title, version } = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
      return { contents: JSON.stringify({ title, version }), loader: 'json' };
    });
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

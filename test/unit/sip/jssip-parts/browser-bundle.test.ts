import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { browserAliases, trimJsSip } from '../../../../browser-bundle';

let code = '';
let inputs: string[] = [];

beforeAll(async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: ['jssip/lib/UA.js'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    alias: browserAliases,
    plugins: [trimJsSip],
  });
  code = outputFiles[0]?.text ?? '';
  inputs = Object.keys(metafile.inputs).map((path) => path.replace(/^.*node_modules\//, ''));
}, 60_000);

describe('JsSIP in the browser files', () => {
  it('comes without the packages that are replaced', () => {
    expect(inputs.filter((path) => /^(debug|ms|events|sdp-transform)\//.test(path))).toEqual([]);
    expect(inputs).toContain('eventemitter3/index.js');
    for (const part of ['grammar', 'session-description', 'md5'])
      expect(inputs).toContain(`src/sip/jssip-parts/${part}.ts`);
  });

  it('has none of its log lines, whose arguments are whole messages and credentials', () => {
    expect(code).not.toMatch(/\blogger\w*\./);
    expect(code).not.toMatch(/\bconsole\b/);
    expect(code).not.toContain('sending message:');
  });

  it('has neither the generated parser nor the original MD5', () => {
    expect(code).not.toMatch(/rightmostFailures|PEG\.js|3614090360|d76aa478/i);
  });
});

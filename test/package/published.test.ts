import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { readSourceFacts } from '../tools/source-facts';
import { packInto, ROOT, run, type Tarball } from './packed';

const folder = mkdtempSync(join(tmpdir(), 'voice-sdk-published-'));
let tarball: Tarball;

beforeAll(async () => {
  tarball = await packInto(folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function readBuilt(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every file that the manifest points at. */
function filesNamedBy(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(filesNamedBy);
}

describe('the tarball', () => {
  it('gives publint nothing to say, not even a suggestion', async () => {
    const { buffer, byteOffset, byteLength } = readFileSync(tarball.path);
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
    const { messages } = await publint({ pack: { tarball: bytes }, strict: true, level: 'suggestion' });
    expect(messages).toEqual([]);
  });

  it('resolves with right types in every mode that attw knows', async () => {
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const output = await run(process.execPath, [attw, tarball.path, '--format', 'json'], folder);
    const { analysis } = JSON.parse(output) as {
      analysis: { problems: unknown[]; entrypoints: Record<string, unknown> };
    };
    expect(analysis.problems).toEqual([]);
    expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(manifest.exports));
  });

  it('contains each file that the manifest names', () => {
    const { main, module, types, unpkg, jsdelivr, bin, exports, typesVersions } = manifest;
    const named = filesNamedBy([main, module, types, unpkg, jsdelivr, bin, exports, typesVersions]);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !tarball.files.includes(path))).toEqual([]);
  });

  it('contains the builds and the documents, and no source, test or configuration', () => {
    const places = new Set(tarball.files.map((path) => path.replace(/\/.*/, '/')));
    places.delete('LICENSE');
    expect([...places].sort()).toEqual(['CHANGELOG.md', 'README.md', 'dist-cdn/', 'dist/', 'package.json']);
  });

  it('passes on the licence of all that it carries', () => {
    const text = readBuilt('dist/THIRD_PARTY_LICENSES.txt');
    for (const name of [
      'jssip',
      'eventemitter3',
      'idb',
      'jose',
      '@sapphi-red/web-noise-suppressor',
      'RNNoise',
    ])
      expect(text).toMatch(new RegExp(`^${name}( [\\d.]+)?$`, 'm'));
    expect(text).toContain('Xiph.Org Foundation');
  });

  it('keeps jose out of what CommonJS requires, for Node without require(esm)', () => {
    const commonJs = tarball.files.filter((path) => path.endsWith('.cjs'));
    expect(commonJs.length).toBeGreaterThan(1);
    for (const path of commonJs) {
      const modules = readSourceFacts(path, readBuilt(path)).imports.map(({ name }) => name);
      expect(modules).not.toContain('jose');
    }
  });
});

describe('the public declarations', () => {
  it('name no module but their own', () => {
    const declarations = tarball.files.filter((path) => /\.d\.c?ts$/.test(path));
    expect(declarations).toContain('dist/index.d.ts');
    expect(declarations).toContain('dist/index.d.cts');
    const foreign = declarations.flatMap((path) => {
      const modules = readSourceFacts(path, readBuilt(path)).imports.map(({ name }) => name);
      const references = readBuilt(path).match(/^\/\/\/ *<reference .*/gm) ?? [];
      return [...modules.filter((name) => !name.startsWith('.')), ...references].map(
        (name) => `${path}: ${name}`,
      );
    });
    expect(foreign).toEqual([]);
  });
});

describe('the script-tag build', () => {
  it('touches no Node global', () => {
    const touched = readSourceFacts('index.global.js', readBuilt('dist/index.global.js')).touches;
    const names = new Set(touched.map(({ name }) => name));
    expect(names).toContain('*.getUserMedia');
    for (const global of ['process', 'Buffer', 'global', '__dirname', 'require', 'module', 'exports']) {
      expect(names, global).not.toContain(global);
    }
    // A member of that name may be Node's, under another name of the global object. Two are the method of audio
    // processors: where `addProcessor()` looks for it, and where it is called.
    expect(touched.filter(({ name }) => name === '*.process')).toHaveLength(2);
  });

  it('is the same in both folders, with the integrity that the paste-ready tag states', () => {
    const script = readBuilt('dist-cdn/index.global.js');
    expect(script).toBe(readBuilt('dist/index.global.js'));
    expect(script).toMatch(/\/\/# sourceMappingURL=index\.global\.js\.map\s*$/);
    const integrity = `sha384-${createHash('sha384').update(script).digest('base64')}`;
    const sri = JSON.parse(readBuilt('dist-cdn/sri.json')) as Record<string, unknown>;
    expect(sri).toMatchObject({ version: manifest.version, file: 'index.global.js', integrity });
    expect(sri['script']).toContain(` integrity="${integrity}" crossorigin="anonymous"`);
  });

  it('has a source map that leads to our sources', () => {
    const map = JSON.parse(readBuilt('dist-cdn/index.global.js.map')) as { sources: string[] };
    expect(map.sources).toContain('../src/index.ts');
  });
});

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { cp, mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { installInto, makeTempFolder, packInto, ROOT, run, writeFiles } from './packed';

/** Whole pieces of integrators' code; see the head of each. */
const INTEGRATIONS = join(ROOT, 'test/package/integrations');

/** The compilers that integrators may have: by the name under which each is installed here. */
const COMPILERS = ['typescript-oldest', 'typescript', 'typescript-newest'] as const;
type Compiler = (typeof COMPILERS)[number];

interface Mode {
  readonly name: string;
  /** Which of the two kinds of modules the integrator writes. */
  readonly project: 'esm' | 'cjs';
  readonly options: Readonly<Record<string, string>>;
  readonly compilers: readonly Compiler[];
}

const MODES: readonly Mode[] = [
  {
    name: 'a bundler',
    project: 'esm',
    options: { module: 'esnext', moduleResolution: 'bundler' },
    compilers: COMPILERS,
  },
  {
    name: 'ES modules of Node',
    project: 'esm',
    options: { module: 'nodenext', moduleResolution: 'nodenext' },
    compilers: COMPILERS,
  },
  {
    name: 'CommonJS of Node',
    project: 'cjs',
    options: { module: 'node16', moduleResolution: 'node16' },
    compilers: COMPILERS,
  },
  {
    name: 'CommonJS as before exports',
    project: 'cjs',
    options: { module: 'commonjs', moduleResolution: 'node10' },
    // The newest compiler no longer has it.
    compilers: ['typescript-oldest', 'typescript'],
  },
];

/** The types of React are a choice of the integrator, so they are no dependency of the package. */
const REACT_TYPES = `@types/react@${manifest.devDependencies['@types/react']}`;

function versionOf(compiler: Compiler): string {
  const text = readFileSync(join(ROOT, 'node_modules', compiler, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The TypeScript code blocks of README, those that need `await` outside a function among them. */
function readmeBlocks(): Record<string, string> {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  // A block goes on where the one before has imported.
  const importing = `import { Device } from '${manifest.name}';\n`;
  return Object.fromEntries(
    blocks.map((code, index) => [
      `readme-${index + 1}.ts`,
      `${/^import /m.test(code) ? '' : importing}${code}export {};\n`,
    ]),
  );
}

const integrations = readdirSync(INTEGRATIONS);

/**
 * In a CommonJS file import() and import type are two packages, and the React page loads the one and names the other;
 * the rest is for the code of README, which awaits outside a function.
 */
function isForBoth(file: string): boolean {
  return file !== 'react-phone.tsx' && file !== 'page.d.ts';
}

/** Outside the repository, so that nothing resolves by luck from its `node_modules`. */
let folder: string;
const blocks = readmeBlocks();

beforeAll(async () => {
  folder = await makeTempFolder();
  const { path } = await packInto(folder);
  await writeFiles(folder, { 'package.json': '{ "name": "consumer", "private": true }' });
  await installInto(folder, [path, REACT_TYPES]);
  const files = Object.fromEntries(
    integrations.map((name) => [name, readFileSync(join(INTEGRATIONS, name), 'utf8')]),
  );
  for (const [project, type] of [
    ['esm', 'module'],
    ['cjs', 'commonjs'],
  ] as const) {
    await mkdir(join(folder, project));
    await writeFiles(join(folder, project), {
      ...files,
      'package.json': JSON.stringify({ private: true, type }),
    });
  }
  await writeFiles(join(folder, 'esm'), blocks);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Compilation {
  readonly compiler: Compiler;
  readonly project: 'esm' | 'cjs';
  readonly options: Readonly<Record<string, unknown>>;
  readonly files: readonly string[];
}

/** What the compiler says; an empty string when all is well. */
async function compile({ compiler, project, options, files }: Compilation): Promise<string> {
  const compilerOptions = {
    target: 'es2020',
    lib: ['es2020', 'dom', 'dom.iterable'],
    jsx: 'react-jsx',
    // No `@types` but those that the code asks for.
    types: [],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    ...options,
  };
  const config = `tsconfig-${compiler}.json`;
  await writeFiles(join(folder, project), { [config]: JSON.stringify({ compilerOptions, files }) });
  const tsc = join(ROOT, 'node_modules', compiler, 'bin/tsc');
  try {
    return await run(process.execPath, [tsc, '-p', config, '--pretty', 'false'], join(folder, project));
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each(
  MODES.flatMap(({ compilers, ...mode }) => compilers.map((compiler) => ({ ...mode, compiler }))),
)('$compiler with $name', ({ project, options, compiler }) => {
  const files =
    project === 'esm' ? [...integrations, ...Object.keys(blocks)] : integrations.filter(isForBoth);

  it.each([true, false])(
    'compiles with exactOptionalPropertyTypes %s',
    async (exactOptionalPropertyTypes) => {
      const result = await compile({
        compiler,
        project,
        options: { ...options, exactOptionalPropertyTypes },
        files,
      });
      expect(result).toBe('');
    },
  );
});

describe('the compilers', () => {
  it('are the oldest that README promises, ours, and the newest', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const [oldest = ''] = /^\d+\.\d+/.exec(versionOf('typescript-oldest')) ?? [];
    expect(readme).toContain(`TypeScript ${oldest} or newer`);
    const majors = COMPILERS.map((compiler) => Number.parseInt(versionOf(compiler), 10));
    expect(majors).toEqual([5, 5, 7]);
  });

  it.each(COMPILERS)('%s finds each mistake when nothing expects it', async (compiler) => {
    const source = await readFile(join(INTEGRATIONS, 'mistakes.ts'), 'utf8');
    const mistakes = source.match(/^ *\/\/ @ts-expect-error .*$/gm) ?? [];
    const bare = source.replaceAll('@ts-expect-error', 'wrong:');
    await writeFiles(join(folder, 'esm'), { 'bare.ts': bare });
    const options = { module: 'esnext', moduleResolution: 'bundler' };
    const result = await compile({ compiler, project: 'esm', options, files: ['bare.ts'] });
    const lines = new Set([...result.matchAll(/^bare\.ts\((\d+),/gm)].map(([, line]) => line));
    expect(mistakes.length).toBeGreaterThan(30);
    expect(lines.size).toBe(mistakes.length);
  });
});

describe('what the declarations need', () => {
  it('is no DOM for the sandbox', async () => {
    const options = { module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2022'] };
    const compilation = { compiler: 'typescript', project: 'esm', options, files: ['sandbox.ts'] } as const;
    expect(await compile(compilation)).toBe('');
  });

  it('is nothing of Node, and of no other package', async () => {
    // Without a dependency beside it, so that a type that came from one would be found missing.
    const alone = join(folder, 'alone');
    const own = join(alone, 'node_modules', manifest.name);
    await cp(join(folder, 'node_modules', manifest.name), own, { recursive: true });
    expect(await readdir(join(alone, 'node_modules'))).toEqual(['@2chat']);
    await writeFiles(alone, {
      'package.json': '{ "private": true, "type": "module" }',
      'core.ts': await readFile(join(INTEGRATIONS, 'core.ts'), 'utf8'),
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          target: 'es2022',
          lib: ['es2022', 'dom'],
          module: 'nodenext',
          moduleResolution: 'nodenext',
          types: [],
          strict: true,
          noEmit: true,
        },
        files: ['core.ts'],
      }),
    });
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(await run(process.execPath, [tsc, '-p', 'tsconfig.json'], alone)).toBe('');
  });
});

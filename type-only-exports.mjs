// The end of the build: a class that is exported as a type alone comes out of the bundling of declarations as if it
// could be had at run time too. What the module itself does not export is made a type again.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** `declarations` with `type` before each name of their export list that is not among `values`. */
export function withTypeOnlyExports(declarations, values) {
  const list = /^export \{ (.*) \};$/m;
  if (!list.test(declarations)) throw new Error('The declarations end without a list of exports');
  return declarations.replace(list, (_line, names) => {
    const marked = names.split(', ').map((name) => {
      if (name.startsWith('type ')) return name;
      return values.includes(name.split(' as ').at(-1)) ? name : `type ${name}`;
    });
    return `export { ${marked.join(', ')} };`;
  });
}

const require = createRequire(pathToFileURL('./'));

async function main() {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
  const modules = Object.values(exports).flatMap((conditions) => [conditions.import, conditions.require]);
  for (const { types, default: file } of modules.filter((module) => module !== undefined)) {
    // Importing CommonJS finds only the names that can be told without running it.
    const values = Object.keys(file.endsWith('.cjs') ? require(file) : await import(pathToFileURL(file)));
    await writeFile(types, withTypeOnlyExports(await readFile(types, 'utf8'), values));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();

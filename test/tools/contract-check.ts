/** Whether declarations keep a contract: each row of it becomes a line of TypeScript that compiles only if they do. */
import ts from 'typescript';
import type { ContractRow } from '../api/contract';

/** By what each row is about: what the compiler says against it. A row that is kept is not there. */
export function brokenRows(
  declarationFile: string,
  rows: readonly ContractRow[],
): ReadonlyMap<string, string> {
  const lines = [
    `import type * as sdk from '${declarationFile.replace(/\.d\.ts$/, '')}';`,
    ...rows.map((row, index) => lineOf(row, index)),
  ];
  const broken = new Map<string, string>();
  for (const { file, start, messageText } of diagnosticsOf(lines.join('\n'))) {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    const line = file?.fileName === CHECK_FILE ? file.getLineAndCharacterOfPosition(start ?? 0).line : 0;
    const row = rows[line - 1];
    if (row === undefined) throw new Error(`The contract cannot be checked: ${text}`);
    broken.set(row.what, text);
  }
  return broken;
}

const CHECK_FILE = '/contract-check.ts';

function lineOf(row: ContractRow, index: number): string {
  const [type, from, to] =
    'gives' in row ? [row.gives, row.gives, row.expected] : [row.accepts, row.given, row.accepts];
  // `any` would pass as everything.
  return (
    `export const r${index} = (x: ${from}): ${to} => x; ` +
    `export const n${index}: 0 extends 1 & (${type}) ? 'is any' : 0 = 0;`
  );
}

function diagnosticsOf(source: string): readonly ts.Diagnostic[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const disk = ts.createCompilerHost(options);
  host.fileExists = (name) => name === CHECK_FILE || disk.fileExists(name);
  host.readFile = (name) => (name === CHECK_FILE ? source : disk.readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === CHECK_FILE
      ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022, true)
      : disk.getSourceFile(name, ...rest);
  return ts.getPreEmitDiagnostics(ts.createProgram([CHECK_FILE], options, host));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { ERROR_CATALOGUE } from '../../../src/core/error-catalogue';
import { withErrorTable } from '../../tools/error-table';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const codes = Object.keys(ERROR_CATALOGUE);

/** Every string literal of the source outside the catalogue. */
function literalsOfSource(): Set<string> {
  const found = new Set<string>();
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('error-catalogue.ts'),
  );
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteralLike(node)) found.add(node.text);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, readFileSync(join(ROOT, 'src', file), 'utf8'), ts.ScriptTarget.Latest));
  }
  return found;
}

describe('the error catalogue', () => {
  test('is the table in README', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    expect(withErrorTable(readme)).toBe(readme);
  });

  const literals = literalsOfSource();
  test.for(codes)('%s is given somewhere', (code) => {
    expect(literals).toContain(code);
  });
});

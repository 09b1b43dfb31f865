// `npm run docs:errors`: writes the tables of codes into README.md.
import { readFile, writeFile } from 'node:fs/promises';
import { importTs } from './import-ts.mjs';

const README = new URL('../../README.md', import.meta.url);
const { withErrorTable } = await importTs(new URL('error-table.ts', import.meta.url));
const { withPreflightTable } = await importTs(new URL('preflight-table.ts', import.meta.url));
await writeFile(README, withPreflightTable(withErrorTable(await readFile(README, 'utf8'))));

// `npm run docs:api`: writes the API report of every published entry, over the declarations that are built now.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importTs } from './import-ts.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { apiReportOf, publishedEntries, REPORT_FOLDER } = await importTs(
  new URL('api-report.ts', import.meta.url),
);
const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const folder = join(ROOT, REPORT_FOLDER);

const entries = publishedEntries(exports);
for (const { entry, reportName, importTypes } of entries) {
  const { text, complaints } = apiReportOf(ROOT, join(ROOT, importTypes));
  for (const complaint of complaints) console.error(`${entry}: ${complaint}`);
  await writeFile(join(folder, reportName), text);
}
// An entry that is gone takes its report with it.
const kept = entries.map(({ reportName }) => reportName);
for (const file of await readdir(folder)) {
  if (file.endsWith('.api.md') && !kept.includes(file)) await rm(join(folder, file));
}

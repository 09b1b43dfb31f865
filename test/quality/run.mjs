// `npm run test:quality`: what the SDK says of calls through bad networks, in a real Chromium, beside what the E-model
// gives for what the network really did.
//   npm run test:quality                both tables; writes RESULTS.md
//   npm run test:quality -- -t silences   only those
import { join } from 'node:path';
import { missingPackages, versions } from '../interop/programs.mjs';
import { exitOf, runInLaboratory, runVitest } from '../interop/laboratory.mjs';
import { readRows } from './cells.mjs';
import { printTables, writeResults } from './table.mjs';

const PROGRAMS = ['chromium'];

await runInLaboratory({
  self: import.meta.url,
  mark: 'QUALITY_LAB',
  missing: () => missingPackages(PROGRAMS),
  run: async (lab, args) => {
    const exitCode = await exitOf(runVitest('quality', args, {}));
    const rows = readRows(join(lab, 'rows.jsonl'));
    const isWhole = !args.some((argument) => /^(-t|--testNamePattern)/.test(argument));
    printTables(rows, isWhole);
    if (isWhole) await writeResults(new URL('RESULTS.md', import.meta.url), rows, versions(PROGRAMS));
    if (rows.every(({ outcome }) => outcome === 'never')) {
      console.error('Nothing ran.');
      return exitCode || 1;
    }
    // A row that never ran is a failure even where vitest saw none.
    return exitCode === 0 && isWhole && rows.some(({ outcome }) => outcome !== 'pass') ? 1 : exitCode;
  },
});

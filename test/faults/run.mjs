// `npm run test:faults`: what becomes of calls and registrations when something breaks, beside raw JsSIP.
//   npm run test:faults                        all cells; writes RESULTS.md
//   npm run test:faults -- server 'in call'    those with all of these words in their name: `server 5 s, in call`
// Arguments that begin with a dash go to vitest. Everything runs in a network namespace of its own.
// FAULTS_STORIES=<folder> keeps the SIP messages and events of every cell.
import { join } from 'node:path';
import { missingPackages, versions } from '../interop/programs.mjs';
import { exitOf, runInLaboratory, runVitest, takesValue } from '../interop/laboratory.mjs';
import { readCells } from './cells.mjs';
import { printTable, writeResults } from './table.mjs';

const PROGRAMS = ['kamailio', 'haproxy', 'rtpengine', 'chromium', 'ip', 'nsenter', 'openssl'];

await runInLaboratory({
  self: import.meta.url,
  mark: 'FAULTS_LAB',
  missing: () => missingPackages(PROGRAMS),
  needsNamespace: true,
  run: async (lab, args) => {
    const words = args.filter((argument, at) => !argument.startsWith('-') && !takesValue(args[at - 1]));
    const exitCode = await exitOf(
      runVitest(
        'faults',
        args.filter((argument) => !words.includes(argument)),
        { FAULTS_WORDS: words.join('\n') },
      ),
    );
    const cells = readCells(join(lab, 'cells.jsonl'));
    const isWhole = words.length === 0 && !args.some((argument) => /^(-t|--testNamePattern)/.test(argument));
    printTable(cells, isWhole);
    if (isWhole) await writeResults(new URL('RESULTS.md', import.meta.url), cells, versions(PROGRAMS));
    if (cells.length === 0 || cells.every(({ outcome }) => outcome === 'never')) {
      console.error('No cell ran.');
      return exitCode || 1;
    }
    // A cell that never ran is a failure even where vitest saw none.
    return exitCode === 0 && isWhole && cells.some(({ outcome }) => outcome !== 'pass') ? 1 : exitCode;
  },
});

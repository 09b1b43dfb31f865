// `npm run test:interop`: the SDK in real browsers against servers and phones that others wrote.
//   npm run test:interop                     the whole matrix; writes RESULTS.md
//   npm run test:interop -- hold             scenario files with "hold" in their name
//   npm run test:interop -- -t 'kamailio'    cells by name: `scenario [browser @ server]`
// Other arguments go to vitest. Everything runs in a network namespace of its own where the machine allows it.
import { join } from 'node:path';
import { readCells } from './cells.mjs';
import { exitOf, runInLaboratory, runVitest, takesValue } from './laboratory.mjs';
import { missingPackages, versions } from './programs.mjs';
import { startPulse } from './pulse.mjs';
import { printTable, writeResults } from './table.mjs';

await runInLaboratory({
  self: import.meta.url,
  mark: 'INTEROP_LAB',
  missing: missingPackages,
  run: async (lab, args) => {
    const pulse = await startPulse(join(lab, 'pulse'));
    try {
      const filters = args.filter((argument, at) => !argument.startsWith('-') && !takesValue(args[at - 1]));
      const rest = args.filter((argument) => !filters.includes(argument));
      const exitCode = await exitOf(
        runVitest('interop', rest, { ...pulse.env, INTEROP_FILES: filters.join(',') }),
      );
      const cells = readCells(join(lab, 'cells.jsonl'));
      const isWhole =
        filters.length === 0 && !args.some((argument) => /^(-t|--testNamePattern)/.test(argument));
      printTable(cells, isWhole);
      if (isWhole) await writeResults(new URL('RESULTS.md', import.meta.url), cells, versions());
      if (!cells.some(({ outcome }) => outcome === 'pass' || outcome === 'fail')) {
        console.error('No cell ran.');
        return exitCode || 1;
      }
      // A cell that never ran is a failure even where vitest saw none.
      const failed = isWhole && cells.some(({ outcome }) => outcome === 'never' || outcome === 'fail');
      return exitCode === 0 && failed ? 1 : exitCode;
    } finally {
      pulse.stop();
    }
  },
});

// `npm run test:scale`: a thousand Devices and an edge that dies.
//   npm run test:scale                       the whole run; writes RESULTS.md
//   npm run test:scale -- --agents 200       a smaller one
//   npm run test:scale -- restart            test files with "restart" in their name
// Other arguments go to vitest.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitOf, runInLaboratory, runVitest, takesValue } from '../interop/laboratory.mjs';
import { missingPackages, versions } from '../interop/programs.mjs';
import { printFigures, writeResults } from './results.mjs';

const PROGRAMS = ['kamailio', 'haproxy', 'rtpengine', 'chromium', 'ip', 'openssl'];
const WHOLE = 1000;
const REPORT = '--outputFile.json=';

await runInLaboratory({
  self: import.meta.url,
  mark: 'SCALE_LAB',
  missing: () => missingPackages(PROGRAMS),
  run,
});

/** Runs the tests inside; the folder of their files is `lab`. */
async function run(lab, args) {
  const { agents, others } = readArguments(args);
  if (agents === undefined) {
    console.error('--agents takes a number from 40 on');
    return 2;
  }
  // A report that somebody asked for takes the place of ours.
  const asked = others.find((argument) => argument.startsWith(REPORT));
  const report = asked?.slice(REPORT.length) ?? join(lab, 'report.json');
  const reporters =
    asked === undefined ? ['--reporter=default', '--reporter=json', `${REPORT}${report}`] : [];
  const env = { SCALE_AGENTS: String(agents), ...(agents < WHOLE ? { SCALE_OUTAGES_MS: '1000' } : {}) };
  const exitCode = await exitOf(runVitest('scale', [...reporters, ...others], env));
  const figures = readFigures(join(lab, 'figures.jsonl'));
  const outcome = readReport(report, exitCode);
  const isPart = others.some((argument, at) => !argument.startsWith('-') && !takesValue(others[at - 1]));
  printFigures(figures);
  if (agents === WHOLE && !isPart)
    await writeResults(new URL('RESULTS.md', import.meta.url), figures, outcome, versions(PROGRAMS));
  console.log(`\n${outcome.passed} passed, ${outcome.failed} failed`);
  return outcome.failed === 0 ? 0 : 1;
}

function readArguments(args) {
  const at = args.indexOf('--agents');
  if (at === -1) return { agents: WHOLE, others: args };
  const count = Number(args[at + 1]);
  return {
    agents: Number.isInteger(count) && count >= 40 ? count : undefined,
    others: args.filter((_, index) => index !== at && index !== at + 1),
  };
}

function readFigures(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** A test that was skipped, or a run without a report, has not passed. */
function readReport(file, exitCode) {
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const passed = report.numPassedTests;
  const failed = report.numTotalTests - passed;
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

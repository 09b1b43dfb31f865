// How the outcome of every stage becomes the two numbers of the last line. Nothing may pass by not running: a crash,
// a timeout, a skipped test and a stage that left no result all count as failures.

const LISTED_FAILURES = 10;
const LONGEST_LINE = 200;

export function resultOfCommand(name, seconds, exitCode) {
  const passed = exitCode === 0;
  return {
    name,
    passed: passed ? 1 : 0,
    failed: passed ? 0 : 1,
    seconds,
    ...(passed ? {} : { note: describeExit(exitCode) }),
  };
}

export function resultOfVitest(name, seconds, exitCode, report) {
  if (typeof report?.numTotalTests !== 'number') {
    return { name, passed: 0, failed: 1, seconds, note: `no report, ${describeExit(exitCode)}` };
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  // A file that cannot be loaded has no tests to fail.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const notes = [];
  if (skipped > 0) notes.push(`${skipped} skipped, counted as failed`);
  if (brokenFiles > 0) notes.push(`${brokenFiles} files failed to run`);
  const failures = failedTests(report);
  notes.push(...failures.slice(0, LISTED_FAILURES));
  if (failures.length > LISTED_FAILURES) notes.push(`and ${failures.length - LISTED_FAILURES} more`);
  let failed = report.numFailedTests + skipped + brokenFiles;
  if (exitCode !== 0 && failed === 0) {
    failed = 1;
    notes.push(describeExit(exitCode));
  }
  if (report.numPassedTests + failed === 0) {
    failed = 1;
    notes.push('no tests');
  }
  return {
    name,
    passed: report.numPassedTests,
    failed,
    seconds,
    ...(notes.length > 0 ? { note: notes.join('\n     ') } : {}),
  };
}

/** What failed, as `file: test: first line of the failure`: where only the end of a long log is kept, this is all. */
function failedTests(report) {
  return report.testResults.flatMap((file) => {
    const name = String(file.name).replace(/^.*[\\/]test[\\/]/, '');
    const tests = file.assertionResults.filter(({ status }) => status === 'failed');
    if (tests.length === 0) return file.status === 'failed' ? [`${name}: ${firstLine(file.message)}`] : [];
    return tests.map((test) => `${name}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`);
  });
}

function firstLine(text = '') {
  return text.split('\n', 1)[0].slice(0, LONGEST_LINE);
}

export function total(results, expected) {
  const missing = expected.filter((name) => !results.some((result) => result.name === name));
  const sum = (key) => results.reduce((count, result) => count + result[key], 0);
  return {
    name: 'total',
    passed: sum('passed'),
    failed: sum('failed') + missing.length,
    seconds: sum('seconds'),
    ...(missing.length > 0 ? { note: `never ran: ${missing.join(', ')}` } : {}),
  };
}

function describeExit(exitCode) {
  return exitCode === null ? 'killed' : `exit code ${exitCode}`;
}

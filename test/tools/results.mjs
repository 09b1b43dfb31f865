// How the outcome of every stage becomes the two numbers of the last line. Nothing may pass by not running: a crash,
// a timeout, a skipped test and a stage that left no result all count as failures.

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
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
  };
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

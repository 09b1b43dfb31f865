import { describe, expect, it } from 'vitest';
import { resultOfCommand, resultOfVitest, total } from '../tools/results.mjs';

interface ReportParts {
  passed?: number;
  failed?: number;
  pending?: number;
  files?: {
    name?: string;
    status: string;
    message?: string;
    assertionResults: { status: string; fullName?: string; failureMessages?: string[] }[];
  }[];
}

function report({ passed = 0, failed = 0, pending = 0, files = [] }: ReportParts): object {
  return {
    numTotalTests: passed + failed + pending,
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
    testResults: files,
  };
}

describe('the counting of results', () => {
  it('takes a clean run as it is', () => {
    expect(resultOfVitest('unit', 1, 0, report({ passed: 3 }))).toEqual({
      name: 'unit',
      passed: 3,
      failed: 0,
      seconds: 1,
    });
  });

  it.each([
    ['failed tests', 1, report({ passed: 3, failed: 2 }), 2],
    ['a skipped test', 0, report({ passed: 3, pending: 1 }), 1],
    ['a file that cannot be loaded', 1, report({ files: [{ status: 'failed', assertionResults: [] }] }), 1],
    ['an error outside every test', 1, report({ passed: 3 }), 1],
    ['a run without tests', 0, report({}), 1],
    ['a crash without a report', 134, undefined, 1],
    ['a run that was killed', null, undefined, 1],
  ])('counts %s as failed', (_what, exitCode, json, failed) => {
    expect(resultOfVitest('unit', 1, exitCode, json).failed).toBe(failed);
  });

  it('names what failed, and why, in the lines under the count', () => {
    const assertionResults = [
      { status: 'passed', fullName: 'a call rings' },
      {
        status: 'failed',
        fullName: 'a call ends',
        failureMessages: ['Error: still there\n    at end (x.ts:1)'],
      },
    ];
    const files = [
      { name: '/repo/test/unit/call.test.ts', status: 'failed', assertionResults },
      {
        name: '/repo/test/unit/gone.test.ts',
        status: 'failed',
        message: 'no such file',
        assertionResults: [],
      },
    ];
    const { note } = resultOfVitest('unit', 1, 1, report({ passed: 1, failed: 1, files }));
    expect(note?.split('\n').map((line) => line.trim())).toEqual([
      '1 files failed to run',
      'unit/call.test.ts: a call ends: Error: still there',
      'unit/gone.test.ts: no such file',
    ]);
  });

  it('names the first ten of many failures', () => {
    const assertionResults = Array.from({ length: 25 }, (_, at) => ({
      status: 'failed',
      fullName: `no ${at}`,
    }));
    const files = [{ name: '/repo/test/a.test.ts', status: 'failed', assertionResults }];
    const { note } = resultOfVitest('unit', 1, 1, report({ failed: 25, files }));
    expect(note?.split('\n')).toHaveLength(11);
    expect(note).toMatch(/and 15 more$/);
  });

  it('counts a command as one check', () => {
    expect(resultOfCommand('build', 1, 0)).toMatchObject({ passed: 1, failed: 0 });
    expect(resultOfCommand('build', 1, 2)).toMatchObject({ passed: 0, failed: 1, note: 'exit code 2' });
  });

  it('sums the stages, and counts one that never ran', () => {
    const results = [resultOfCommand('build', 1, 0), resultOfVitest('unit', 1, 0, report({ passed: 3 }))];
    expect(total(results, ['unit', 'build'])).toMatchObject({ passed: 4, failed: 0 });
    expect(total(results, ['unit', 'build', 'browser'])).toMatchObject({ passed: 4, failed: 1 });
  });
});

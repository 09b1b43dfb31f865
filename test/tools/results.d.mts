export interface StageResult {
  name: string;
  passed: number;
  failed: number;
  seconds: number;
  /** Why the numbers are not those of a report: a crash, a timeout, a skipped test. */
  note?: string;
}

/** Result of a plain command: one check. */
export function resultOfCommand(name: string, seconds: number, exitCode: number | null): StageResult;

/** Result of a vitest run from its JSON report, or from the lack of one. */
export function resultOfVitest(
  name: string,
  seconds: number,
  exitCode: number | null,
  report: unknown,
): StageResult;

/** Sum over all stages; an expected stage without a result counts as one failure. */
export function total(results: readonly StageResult[], expected: readonly string[]): StageResult;

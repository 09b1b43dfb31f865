import { monotonicMs, startTimer, stopTimer } from '../../core/clock';
import { untilAborted } from '../../core/deadline';
import { Disposer } from '../../core/disposer';
import type { Logger } from '../../core/logger';
import { PREFLIGHT_REASONS, type PreflightReason } from './reasons';
import type { PreflightCheck, PreflightCheckName, PreflightDetails } from './report';

/** What a check came to. */
export interface Finding<T = undefined> {
  readonly result: PreflightCheck['result'];
  readonly reason?: PreflightReason;
  readonly details?: PreflightDetails;
  /** For the checks that build on this one. */
  readonly value?: T;
}

export interface CheckScope {
  /** Aborts when the time of the check is over, and when the preflight is stopped. */
  readonly signal: AbortSignal;
  /** Gives back what the check holds, however it ends. */
  readonly disposer: Disposer;
}

export interface CheckPlan<T> {
  readonly name: PreflightCheckName;
  readonly deadlineMs: number;
  /** What it means that the time is over. */
  readonly overdue: PreflightReason;
  readonly run: (scope: CheckScope) => Finding<T> | Promise<Finding<T>>;
}

export interface CheckRunnerOptions {
  /** Aborts when the preflight is stopped. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onCheck: (check: PreflightCheck) => void;
}

/** Runs checks, each with a time of its own, and keeps what came of them. */
export class CheckRunner {
  readonly #options: CheckRunnerOptions;
  readonly #checks = new Map<PreflightCheckName, PreflightCheck>();

  constructor(options: CheckRunnerOptions) {
    this.#options = options;
  }

  /** The finished check of that name. */
  result(name: PreflightCheckName): PreflightCheck | undefined {
    return this.#checks.get(name);
  }

  /** Runs a check; resolves with its value, undefined where it has none. Never rejects. */
  async run<T>({ name, deadlineMs, overdue, run }: CheckPlan<T>): Promise<T | undefined> {
    const { signal, logger } = this.#options;
    const isStopped = () => signal.aborted;
    if (signal.aborted) {
      this.skip(name, 'STOPPED');
      return undefined;
    }
    const startedAtMs = monotonicMs();
    const ending = new AbortController();
    const disposer = new Disposer();
    const timer = startTimer(deadlineMs, () => {
      ending.abort(new Error('overdue'));
    });
    const onStop = () => {
      ending.abort(new Error('stopped'));
    };
    signal.addEventListener('abort', onStop);
    let finding: Finding<T>;
    try {
      finding = await untilAborted(
        Promise.resolve().then(() => run({ signal: ending.signal, disposer })),
        ending.signal,
      );
    } catch (error) {
      if (!ending.signal.aborted) {
        logger.error(`the check ${name} failed`, error);
        finding = { result: 'failed', reason: 'UNEXPECTED' };
      } else if (isStopped()) finding = { result: 'skipped', reason: 'STOPPED' };
      else finding = { result: 'failed', reason: overdue };
    }
    // What still waits for an answer that comes too late.
    ending.abort(new Error('over'));
    stopTimer(timer);
    signal.removeEventListener('abort', onStop);
    try {
      disposer.dispose();
    } catch (error) {
      logger.warn(`not all of the check ${name} could be given back`, error);
    }
    this.#finish(name, finding, monotonicMs() - startedAtMs);
    return finding.value;
  }

  /** Notes a check that is not done. */
  skip(name: PreflightCheckName, reason: PreflightReason): void {
    this.#finish(name, { result: 'skipped', reason }, 0);
  }

  /** Notes a check that is known to fail without being done. */
  fail(name: PreflightCheckName, reason: PreflightReason): void {
    this.#finish(name, { result: 'failed', reason }, 0);
  }

  #finish(
    name: PreflightCheckName,
    { result, reason, details = {} }: Finding<unknown>,
    durationMs: number,
  ): void {
    const check: PreflightCheck = Object.freeze({
      name,
      result,
      ...(reason === undefined ? {} : { reason, remedy: PREFLIGHT_REASONS[reason].remedy }),
      durationMs: Math.round(durationMs),
      details: Object.freeze(details),
    });
    this.#checks.set(name, check);
    this.#options.onCheck(check);
  }
}

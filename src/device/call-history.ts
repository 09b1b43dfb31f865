import type { CallReport } from '../call/call-report';

/** Enough for what an agent asks about: "the call before the last one". */
const MOST_CALLS = 20;

/** A call that is over, or its latest report. */
export interface PastCall {
  readonly report: CallReport;
  /** Users, numbers and display names of the far end. */
  readonly persons: readonly (string | undefined)[];
}

/** The last calls of a Device that are over. It holds what is told of them, and not the calls. */
export class CallHistory {
  readonly #calls = new Map<string, PastCall>();

  get calls(): readonly PastCall[] {
    return [...this.#calls.values()];
  }

  /** Adds a call, or replaces what was told of it before. */
  add(call: PastCall): void {
    this.#calls.set(call.report.callId, call);
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > MOST_CALLS && oldest !== undefined) this.#calls.delete(oldest);
  }
}

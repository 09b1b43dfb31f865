import { monotonicMs, nowMs } from '../../core/clock';
import { TypedEmitter } from '../../core/emitter';
import { type CheckedPreflight, checkPreflightOptions } from './options';
import { PREFLIGHT_PARTS } from './parts';
import type { PreflightEvents, PreflightOptions, PreflightReport } from './report';

/**
 * A look at whether this agent, in this browser and this network, can take calls. Made by `Device.preflight()`, begins
 * at once and ends by itself, within a minute and the echo. It holds nothing when `report` has resolved, but for the
 * WebSocket, which may take 2 s to close.
 */
export class Preflight extends TypedEmitter<PreflightEvents> {
  /** Resolves when all checks have finished, or it was stopped. Never rejects. */
  readonly report: Promise<PreflightReport>;
  readonly #stopping = new AbortController();

  /** @throws VoiceSDKError `INVALID_ARGUMENT` for an option that cannot be used. Not for a bad token. */
  constructor(options: PreflightOptions) {
    super();
    this.report = this.#run(checkPreflightOptions(options), options.signal);
  }

  /** Ends what is under way; the checks that have not finished are `skipped`. Safe to call at any time. */
  readonly stop = (): void => {
    this.#stopping.abort();
  };

  async #run(options: CheckedPreflight, outer: AbortSignal | undefined): Promise<PreflightReport> {
    const begin = { startedAt: new Date(nowMs()), startedAtMs: monotonicMs() };
    if (outer?.aborted) this.stop();
    outer?.addEventListener('abort', this.stop);
    let report: PreflightReport;
    try {
      // Loaded only where it is used.
      const { runPreflight } = await import('./run');
      report = await runPreflight(options, PREFLIGHT_PARTS, begin, this.#stopping.signal, (check) => {
        this.emit('check', check);
      });
    } catch {
      report = Object.freeze({
        verdict: 'notReady',
        reason: 'SDK_NOT_LOADED',
        remedy: 'Check the network and reload; a content security policy has to allow it.',
        checks: [],
        startedAt: begin.startedAt,
        durationMs: Math.round(monotonicMs() - begin.startedAtMs),
      });
    }
    outer?.removeEventListener('abort', this.stop);
    this.emit('completed', report);
    return report;
  }
}

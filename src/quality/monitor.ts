import { monotonicMs, nowMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { untilAborted, withDeadline } from '../core/deadline';
import type { Logger } from '../core/logger';
import { Measure } from './measure';
import { ReportReader } from './report-reader';
import { type QualityReport, QualityRecord, type QualitySummary } from './report';
import type { QualitySample } from './sample';
import { type CallCondition, type QualityWarning, type QualityWarningName, WarningBoard } from './warnings';

const INTERVAL_MS = 1_000;
/** Browsers answer within milliseconds, on a busy machine within one second. */
const LOOK_TIMEOUT_MS = 3_000;

export interface QualityMonitorOptions {
  /** Asked before each sample. */
  readonly condition: () => Omit<CallCondition, 'hasIceServers'>;
  readonly logger: Logger;
  readonly onSample: (sample: QualitySample) => void;
  readonly onWarning: (warning: QualityWarning) => void;
  readonly onWarningCleared: (name: QualityWarningName) => void;
}

/**
 * Reads the statistics of one call once a second, and judges them. After the end a connection has no statistics any more
 * (a report of one entry): what there is to say was said by then, and is kept.
 */
export class QualityMonitor {
  readonly #options: QualityMonitorOptions;
  readonly #measure = new Measure();
  readonly #record = new QualityRecord();
  readonly #board: WarningBoard;
  #connection: RTCPeerConnection | undefined;
  #reader = new ReportReader();
  #timer: TimerHandle | undefined;
  #at = new Date(0);
  /** Of the look that is under way. */
  #looking = new AbortController();
  #isStopped = false;
  #wasCutOff = false;
  #wasHeld = false;
  #isFailing = false;

  constructor(options: QualityMonitorOptions) {
    this.#options = options;
    this.#board = new WarningBoard({
      raised: (warning) => {
        this.#record.raise(warning, this.#at);
        options.onWarning(warning);
      },
      cleared: (name) => {
        this.#record.clear(name, this.#at);
        options.onWarningCleared(name);
      },
    });
  }

  get summary(): QualitySummary | null {
    return this.#record.summary;
  }

  get report(): QualityReport {
    return this.#record.report;
  }

  /** Reads this connection from now on; another one takes its place. */
  watch(connection: RTCPeerConnection): void {
    if (this.#isStopped || this.#connection === connection) return;
    this.#connection = connection;
    this.#reader = new ReportReader();
    this.#looking.abort();
    this.#measure.reconnect();
    stopTimer(this.#timer);
    this.#next(connection);
  }

  /** One sample: what each second does. */
  async #look(connection: RTCPeerConnection): Promise<void> {
    const looking = new AbortController();
    this.#looking = looking;
    const answer = untilAborted(connection.getStats(), looking.signal);
    const report = await withDeadline(answer, LOOK_TIMEOUT_MS, () => new Error('no answer')).finally(() => {
      looking.abort();
    });
    if (!this.#isCurrent(connection)) return;
    const reading = this.#reader.read(report);
    this.#isFailing = false;
    const { onSample, condition } = this.#options;
    const now = {
      ...condition(),
      hasIceServers: (connection.getConfiguration().iceServers ?? []).length > 0,
    };
    // What was lost meanwhile is counted with the first packet that comes again.
    if (this.#wasCutOff && !now.isReconnecting) this.#measure.restart();
    this.#wasCutOff = now.isReconnecting;
    const look = { atMs: nowMs(), monotonicMs: monotonicMs(), reading };
    // Of a second that began on hold nothing is owed either: the far end sets out again first.
    const isOwed = !now.isHeld && !this.#wasHeld;
    this.#wasHeld = now.isHeld;
    const measured = this.#measure.next(look, isOwed);
    if (!measured) return;
    this.#at = measured.sample.at;
    this.#record.add(measured);
    onSample(measured.sample);
    // A listener may have hung up.
    if (this.#isCurrent(connection)) this.#board.judge(measured, now);
  }

  #isCurrent(connection: RTCPeerConnection): boolean {
    return this.#connection === connection;
  }

  stop(): void {
    this.#isStopped = true;
    this.#looking.abort();
    this.#connection = undefined;
    stopTimer(this.#timer);
  }

  #next(connection: RTCPeerConnection): void {
    const startedMs = monotonicMs();
    this.#look(connection)
      // Closed under it, too early, or no answer: the next look may be luckier.
      .catch((error: unknown) => {
        if (!this.#isCurrent(connection) || this.#isFailing) return;
        this.#isFailing = true;
        this.#options.logger.warn('the statistics of this call cannot be read; it is tried on', error);
      })
      .finally(() => {
        if (this.#connection !== connection) return;
        // From one look to the next a second, however long a look takes.
        this.#timer = startTimer(Math.max(0, INTERVAL_MS - (monotonicMs() - startedMs)), () => {
          this.#next(connection);
        });
      });
  }
}

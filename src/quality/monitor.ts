import { monotonicMs, nowMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import type { Logger } from '../core/logger';
import { Measure } from './measure';
import type { Reading } from './reading';
import { ReportReader } from './report-reader';
import { type QualityReport, QualityRecord, type QualitySummary } from './report';
import type { QualitySample } from './sample';
import { type CallCondition, type QualityWarning, type QualityWarningName, WarningBoard } from './warnings';

const INTERVAL_MS = 1_000;
/** Browsers answer within milliseconds, on a busy machine within one second. */
const LOOK_TIMEOUT_S = 3;

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
  /** The look that is under way: what comes of any other one is not used. */
  #looking: { secondsLate: number } | undefined;
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
    this.#looking = undefined;
    this.#measure.reconnect();
    stopTimer(this.#timer);
    this.#next(connection);
  }

  stop(): void {
    this.#isStopped = true;
    this.#connection = undefined;
    this.#looking = undefined;
    stopTimer(this.#timer);
  }

  /** Looks, and again each second, or as soon as the look before is answered. */
  #next(connection: RTCPeerConnection): void {
    this.#timer = startTimer(INTERVAL_MS, () => {
      this.#next(connection);
    });
    const before = this.#looking;
    if (before) before.secondsLate += 1;
    if (before && before.secondsLate < LOOK_TIMEOUT_S) return;
    const looking = { secondsLate: 0 };
    this.#looking = looking;
    if (before) this.#complain(new Error('no answer'));
    // Who writes the log may have hung up.
    if (this.#looking === looking) void this.#look(connection, looking);
  }

  async #look(connection: RTCPeerConnection, looking: { readonly secondsLate: number }): Promise<void> {
    try {
      // No timer for the answer, and none to end it: each costs as much as a look does.
      const report = await connection.getStats();
      // The call may have ended, or the answer come too late.
      if (this.#looking === looking) this.#judge(connection, this.#reader.read(report), looking);
    } catch (error) {
      // Closed under it, or too early: the next look may be luckier.
      if (this.#looking === looking) this.#complain(error);
    } finally {
      this.#finish(connection, looking);
    }
  }

  #finish(connection: RTCPeerConnection, looking: { readonly secondsLate: number }): void {
    if (this.#looking !== looking) return;
    this.#looking = undefined;
    if (looking.secondsLate === 0) return;
    stopTimer(this.#timer);
    this.#next(connection);
  }

  #judge(connection: RTCPeerConnection, reading: Reading, looking: object): void {
    this.#isFailing = false;
    const { onSample, condition } = this.#options;
    const now = condition();
    // What was lost meanwhile is counted with the first packet that comes again.
    if (this.#wasCutOff && !now.isReconnecting) this.#measure.restart();
    this.#wasCutOff = now.isReconnecting;
    const look = { atMs: nowMs(), monotonicMs: monotonicMs(), reading };
    // Of a second that began on hold nothing is owed either: the far end sets out again first.
    const isOwed = !now.isHeld && !this.#wasHeld;
    this.#wasHeld = now.isHeld;
    const measured = this.#measure.next(look, isOwed);
    if (!measured) return;
    // Not the sample's own, which a listener can change.
    this.#at = new Date(look.atMs);
    this.#record.add(measured);
    onSample(measured.sample);
    // A listener may have hung up.
    if (this.#looking !== looking) return;
    // Asked only where none has answered: it costs as much as all of the warnings.
    const isAnswered = ['srflx', 'relay'].some((type) => measured.localTypes.has(type));
    const hasIceServers = isAnswered || (connection.getConfiguration().iceServers ?? []).length > 0;
    this.#board.judge(measured, { ...now, hasIceServers });
  }

  #complain(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.logger.warn('the statistics of this call cannot be read; it is tried on', error);
  }
}

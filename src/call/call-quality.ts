import { nowMs } from '../core/clock';
import type { Subscribable } from '../core/emitter';
import type { QualityMonitor, QualityMonitorOptions } from '../quality/monitor';
import type { QualitySummary } from '../quality/report';
import type { QualitySample } from '../quality/sample';
import type { SipSession } from '../sip/session';
import type { CallEvents, DisconnectInfo } from './call';
import { type CallFeedback, checkFeedback, type ReportedFeedback } from './call-feedback';
import type { CallReport, ReportedReconnection } from './call-report';
import type { CallStatus } from './call-state';
import type { CallTimings } from './call-timings';
import type { InputMeter, InputMeterOptions } from './input-meter';

/** The call whose quality it is. */
export interface MeasuredCall extends Subscribable<CallEvents> {
  readonly direction: 'inbound' | 'outbound';
  readonly acceptedForMs: number | undefined;
  readonly timings: CallTimings | undefined;
  getStatus(): CallStatus;
  isMuted(): boolean;
  isOnHold(): boolean;
  isOnRemoteHold(): boolean;
}

export interface CallQualityOptions extends Omit<QualityMonitorOptions, 'condition'>, InputMeterOptions {
  readonly call: MeasuredCall;
  readonly session: SipSession;
  /** Whether somebody listens to warnings: what costs something to find out is found out for them only. */
  readonly areWarningsWanted: () => boolean;
  /** What is to be kept of a call that is over; once more when feedback comes later. */
  readonly onReport: (report: CallReport) => void;
}

const MOST_RECONNECTIONS = 50;
/** A second or two without the microphone's level is what a connection that is new may give in any browser. */
const SAMPLES_WITHOUT_INPUT = 3;

/** What a report says of the samples when there are none. */
const UNMEASURED = {
  codec: null,
  quality: null,
  mosHistory: null,
  lastSamples: [],
  warnings: [],
  candidatePairs: [],
} as const;

/**
 * Measures one call from the time on when it is accepted, and reports of it. The part that measures is loaded when the
 * first call is made; where that fails, calls go on without it.
 */
export class CallQuality {
  readonly #options: CallQualityOptions;
  #startedAt = isoNow();
  readonly #reconnections: ReportedReconnection[] = [];
  #isCutOff = false;
  #monitor: QualityMonitor | undefined;
  #isInputMuted = false;
  #acceptedAt: string | undefined;
  #endedAt: string | undefined;
  #durationMs = 0;
  #end: CallReport['end'];
  #feedback: ReportedFeedback | undefined;
  /** In a row; -Infinity where the statistics have said how loud the microphone is. */
  #samplesWithoutInput = 0;
  #inputMeter: InputMeter | undefined;
  #isInputMeterAsked = false;

  constructor(options: CallQualityOptions) {
    this.#options = options;
    const { call, session } = options;
    const monitor = this.#load();
    const watch = () => {
      void monitor.then(() => {
        const connection = session.peerConnection;
        if (connection && this.#acceptedAt !== undefined) this.#monitor?.watch(connection);
      });
    };
    session.on('peerConnection', watch);
    call.once('accepted', () => {
      const acceptedAt = new Date(nowMs() - (call.acceptedForMs ?? 0)).toISOString();
      this.#acceptedAt = acceptedAt;
      // A call of a page before: how long it rang is not known here, and it did not ring for less than nothing.
      if (acceptedAt < this.#startedAt) this.#startedAt = acceptedAt;
      watch();
    });
    call.on('inputMuted', (isMuted) => {
      this.#isInputMuted = isMuted;
    });
    call.on('reconnecting', ({ cause }) => {
      this.#isCutOff = true;
      this.#reconnections.push({ cause, startedAt: isoNow() });
      if (this.#reconnections.length > MOST_RECONNECTIONS) this.#reconnections.shift();
    });
    call.on('reconnected', () => {
      this.#isCutOff = false;
      const endedAt = isoNow();
      this.#reconnections.forEach((one, index) => {
        this.#reconnections[index] = { endedAt, ...one };
      });
    });
  }

  /** The call is over: nothing is measured any more. Returns what `disconnect` says of it. */
  finish(end: Omit<DisconnectInfo, 'quality'>): { readonly quality?: QualitySummary } {
    const { durationMs, ...rest } = end;
    this.#endedAt = isoNow();
    this.#durationMs = durationMs;
    this.#end = rest;
    this.#monitor?.stop();
    this.#inputMeter?.update(false);
    this.#options.onReport(this.report);
    const quality = this.#monitor?.summary;
    return quality ? { quality } : {};
  }

  /** @throws VoiceSDKError `INVALID_ARGUMENT` */
  setFeedback(feedback: CallFeedback): void {
    this.#feedback = checkFeedback(feedback);
    if (this.#endedAt !== undefined) this.#options.onReport(this.report);
  }

  get report(): CallReport {
    const { call, session } = this.#options;
    const { timings } = call;
    return {
      callId: session.callId,
      direction: call.direction,
      status: call.getStatus(),
      startedAt: this.#startedAt,
      ...(this.#acceptedAt === undefined ? {} : { acceptedAt: this.#acceptedAt }),
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
      durationMs: this.#endedAt === undefined ? (call.acceptedForMs ?? 0) : this.#durationMs,
      ...(this.#end ? { end: { ...this.#end } } : {}),
      ...(timings ? { timings: { ...timings, startedAt: timings.startedAt.toISOString() } } : {}),
      ...(this.#feedback ? { feedback: this.#feedback } : {}),
      reconnections: [...this.#reconnections],
      ...(this.#monitor?.report ?? UNMEASURED),
    };
  }

  async #load(): Promise<void> {
    const { call, logger } = this.#options;
    try {
      const { QualityMonitor: Monitor } = await import('../quality/monitor');
      if (this.#endedAt !== undefined) return;
      this.#monitor = new Monitor({
        ...this.#options,
        onSample: (sample) => {
          this.#watchInput(sample);
          this.#options.onSample(sample);
        },
        condition: () => ({
          measuredInputDbfs: this.#inputMeter?.take() ?? null,
          isInputProcessed: this.#options.audio.input.isProcessed,
          isMuted: call.isMuted() || this.#isInputMuted,
          isHeld: call.isOnHold() || call.isOnRemoteHold(),
          isReconnecting: this.#isCutOff,
        }),
      });
    } catch (error) {
      logger.warn('the quality of this call is not measured', error);
    }
  }

  /** Measures the microphone where the statistics do not: loaded there only. */
  #watchInput({ inputLevelDbfs }: QualitySample): void {
    if (inputLevelDbfs !== null) this.#samplesWithoutInput = -Infinity;
    const isUntold =
      ++this.#samplesWithoutInput >= SAMPLES_WITHOUT_INPUT || this.#options.audio.input.isProcessed;
    const isWanted = isUntold && this.#options.areWarningsWanted();
    if (this.#inputMeter) this.#inputMeter.update(isWanted);
    else if (isWanted && !this.#isInputMeterAsked) void this.#measureInput();
  }

  async #measureInput(): Promise<void> {
    // Once: what could not be loaded is not asked for each second.
    this.#isInputMeterAsked = true;
    try {
      const { InputMeter: Meter } = await import('./input-meter');
      if (this.#endedAt !== undefined) return;
      this.#inputMeter = new Meter(this.#options);
      this.#inputMeter.update(true);
    } catch (error) {
      this.#options.logger.info('a silent microphone cannot be told', error);
    }
  }
}

function isoNow(): string {
  return new Date(nowMs()).toISOString();
}

import type { Call } from '../../call/call';
import type { CallReport } from '../../call/call-report';
import { startTimer, stopTimer, type TimerHandle } from '../../core/clock';
import { untilAborted } from '../../core/deadline';
import { asVoiceError, type VoiceSDKError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import type { FigureSummary } from '../../quality/report';
import type { QualityWarningName } from '../../quality/warnings';
import type { SipUserAgent } from '../../sip/user-agent';
import type { CheckPlan, Finding } from './check-runner';
import type { CheckedPreflight } from './options';
import type { PreflightParts } from './parts';
import type { PreflightReason } from './reasons';
import type { PreflightDetails } from './report';

/** An echo service answers at once; the offer, the call and slow ICE before it take their time. */
const ANSWER_TIMEOUT_MS = 20_000;
/** For opening the microphone and hanging up. */
const AROUND_MS = 5_000;
/** ITU-T G.107 Annex B, table B.1: below it "many users dissatisfied" begins. */
const POOR_MOS = 3.6;

/** RTCP tells the round trip every 2.5 to 7.5 s (RFC 3550 section 6.3.1); without it there is no score. */
const SCORE_TIMEOUT_MS = 8_000;
/** One may be the machine's doing; an echo that works has none. */
const MOST_SECONDS_WITHOUT_AUDIO = 1;
/** As in a sample. The warnings come sooner than a whole call of it, but not in one of less than 4 s. */
const DIGITAL_SILENCE_DBFS = -100;

/** Whatever the noise: what is quieter at a microphone with gain control is nobody who speaks into it. */
const QUIETEST_TALK_DBFS = -50;
/** How many samples an echo may take to come back. */
const ECHO_SAMPLES = 2;
/** Samples of silence before the one with which the warning is raised. */
const SILENT_BEFORE_WARNING = 3;

const FIGURES = ['mos', 'rttMs', 'jitterMs', 'lossRatio'] as const;

/** Whether a call comes about, is heard and sounds well. */
export function echoCheck(
  userAgent: SipUserAgent,
  { call: target, durationMs }: NonNullable<CheckedPreflight['echo']>,
  { device }: CheckedPreflight,
  { Calls }: PreflightParts,
  logger: Logger,
): CheckPlan<undefined> {
  return {
    name: 'echoCall',
    deadlineMs: ANSWER_TIMEOUT_MS + Math.max(durationMs, SCORE_TIMEOUT_MS) + AROUND_MS,
    overdue: 'ECHO_UNANSWERED',
    run: async ({ signal, disposer }): Promise<Finding> => {
      const calls = new Calls(device, logger);
      disposer.add(() => {
        calls.dispose();
      });
      // Also one that is placed in the moment in which nobody waits any more.
      calls.on('created', (call) => {
        disposer.add(() => void call.disconnect());
      });
      let call: Call | undefined;
      try {
        call = await calls.place(userAgent, target);
        const isWhole = await listen(call, durationMs, signal);
        return judged(call, isWhole);
      } catch (error) {
        signal.throwIfAborted();
        return failed(asVoiceError(error, 'MEDIA_FAILED'), call);
      }
    },
  };
}

/** Whether an accepted call lasted as long as it was to; rejects with what it failed of. */
async function listen(call: Call, durationMs: number, signal: AbortSignal): Promise<boolean> {
  let timer: TimerHandle | undefined;
  let isWhole = false;
  let isScored = false;
  const over = new Promise<void>((resolve, reject) => {
    call.on('quality', ({ mos }) => {
      isScored ||= mos !== null;
      if (isWhole && isScored) resolve();
    });
    call.on('accepted', () => {
      stopTimer(timer);
      timer = startTimer(durationMs, () => {
        isWhole = true;
        if (isScored) resolve();
        else timer = startTimer(Math.max(0, SCORE_TIMEOUT_MS - durationMs), resolve);
      });
    });
    call.on('error', (error) => {
      // On a call that goes on it is for the figures to say how bad that is.
      if (call.getStatus() === 'failed') reject(error);
    });
    call.on('disconnect', () => {
      resolve();
    });
    timer = startTimer(ANSWER_TIMEOUT_MS, () => {
      resolve();
    });
  });
  try {
    await untilAborted(over, signal);
  } finally {
    stopTimer(timer);
  }
  return isWhole;
}

function failed({ code, cause }: VoiceSDKError, call: Call | undefined): Finding {
  const { statusCode } = (cause ?? {}) as { statusCode?: unknown };
  const details = {
    errorCode: code,
    ...(typeof statusCode === 'number' ? { sipStatus: statusCode } : {}),
    ...timingsOf(call),
  };
  const isUnanswered = code === 'CALL_UNANSWERED';
  return { result: 'failed', reason: isUnanswered ? 'ECHO_UNANSWERED' : 'ECHO_FAILED', details };
}

function judged(call: Call, isWhole: boolean): Finding {
  const report = call.getReport();
  const { quality, warnings } = report;
  const secondsWithoutAudio = quality?.secondsWithoutAudio ?? 0;
  const details: PreflightDetails = {
    ...timingsOf(call),
    ...Object.fromEntries(FIGURES.map((name) => [name, quality?.[name]?.average ?? null])),
    secondsWithoutAudio,
  };
  const { timings } = call;
  const found = (result: Finding['result'], reason: PreflightReason): Finding => ({
    result,
    reason,
    details,
  });
  const wasRaised = (name: QualityWarningName) => warnings.some((warning) => warning.name === name);
  const isRaised = (name: QualityWarningName) =>
    warnings.some((warning) => warning.name === name && warning.clearedAt === undefined);
  const isSilent = isRaised('remoteSilent') || isNothing(quality?.outputLevelDbfs);

  if (timings?.acknowledgedMs === null) return found('failed', 'ECHO_UNANSWERED');
  if (!isWhole) return found('failed', 'ECHO_ENDED_EARLY');
  if (timings?.firstPacketMs === null) return found('failed', 'ECHO_NO_AUDIO');
  if (secondsWithoutAudio > MOST_SECONDS_WITHOUT_AUDIO || isRaised('noPacketsReceived'))
    return found('failed', 'ECHO_INTERRUPTED');
  if (isSilent && wasFed(report)) return found('failed', 'ECHO_SILENT');
  if (typeof details.mos !== 'number') return found('failed', 'ECHO_UNMEASURED');
  if (timings?.firstAudioMs === null) return found('warned', 'AUDIO_BLOCKED');
  if (secondsWithoutAudio > 0) return found('warned', 'ECHO_INTERRUPTED');
  if (isSilent || wasRaised('remoteSilent')) return found('warned', 'ECHO_SILENT');
  if (details.mos < POOR_MOS) return found('warned', 'ECHO_POOR_QUALITY');
  return { result: 'passed', details };
}

/**
 * Whether the agent spoke while nothing came back, or the browser does not say: of who is silent no echo can be heard, and of
 * a silent microphone the check of that one tells.
 */
function wasFed({ lastSamples, warnings }: CallReport): boolean {
  const { raisedAt = '' } =
    warnings.find(({ name, clearedAt }) => name === 'remoteSilent' && clearedAt === undefined) ?? {};
  const from = Math.max(0, lastSamples.findIndex(({ at }) => at >= raisedAt) - SILENT_BEFORE_WARNING);
  const silent = lastSamples.slice(from);
  return silent
    .slice(0, Math.max(1, silent.length - ECHO_SAMPLES))
    .some(({ inputLevelDbfs }) => inputLevelDbfs === null || inputLevelDbfs >= QUIETEST_TALK_DBFS);
}

function isNothing(level: FigureSummary | null | undefined): boolean {
  return level !== null && level !== undefined && level.max <= DIGITAL_SILENCE_DBFS;
}

function timingsOf(call: Call | undefined): Pick<PreflightDetails, 'timings'> {
  return call?.timings ? { timings: call.timings } : {};
}

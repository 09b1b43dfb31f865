import { startTimer, stopTimer } from '../../core/clock';
import { withDeadline } from '../../core/deadline';
import { asVoiceError, type VoiceSDKError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import type { AudioLevel } from '../../media/meters/audio-level';
import { measureLevel } from '../../media/meters/measure-level';
import type { CheckPlan, Finding } from './check-runner';
import type { CheckedPreflight } from './options';
import type { PreflightParts } from './parts';
import type { PreflightReason } from './reasons';

/** For a person who reads the prompt of the browser. */
const PROMPT_TIMEOUT_MS = 20_000;
/** Fake devices and careful people pause for a second. */
const LISTEN_MS = 2_000;
/** Not from a standard: far below the noise of a live microphone behind noise suppression, above a muted one (-100). */
const SILENT_DBFS = -80;

const UNANSWERED = new Error('nobody answered the prompt');

const REASONS: Readonly<Partial<Record<string, PreflightReason>>> = {
  MICROPHONE_DENIED: 'MICROPHONE_DENIED',
  MICROPHONE_NOT_FOUND: 'MICROPHONE_NOT_FOUND',
  MICROPHONE_BUSY: 'MICROPHONE_BUSY',
  BROWSER_UNSUPPORTED: 'BROWSER_UNSUPPORTED',
};

/** Whether the browser has what calls are made of. */
export function browserCheck({ requireMediaDevices }: PreflightParts): CheckPlan<boolean> {
  return {
    name: 'browser',
    deadlineMs: 1_000,
    overdue: 'UNEXPECTED',
    run: () => {
      try {
        requireMediaDevices();
      } catch {
        const isSecure = (globalThis as { isSecureContext?: boolean }).isSecureContext !== false;
        return { result: 'failed', reason: isSecure ? 'BROWSER_UNSUPPORTED' : 'PAGE_NOT_SECURE' };
      }
      if (typeof WebSocket !== 'function' || typeof RTCPeerConnection !== 'function')
        return { result: 'failed', reason: 'BROWSER_UNSUPPORTED' };
      return { result: 'passed', value: true };
    },
  };
}

/** Whether the microphone may be used, is there and gives more than silence. */
export function microphoneCheck(
  { inputDeviceId: deviceId, levelWorkletUrl }: CheckedPreflight['device'],
  { Microphone }: PreflightParts,
  logger: Logger,
): CheckPlan<boolean> {
  return {
    name: 'microphone',
    deadlineMs: PROMPT_TIMEOUT_MS + LISTEN_MS + 1_000,
    overdue: 'MICROPHONE_UNANSWERED',
    run: async ({ signal, disposer }) => {
      const microphone = new Microphone({ logger });
      const opening = microphone.open({
        ...(deviceId === undefined ? {} : { deviceId }),
        fallbackToDefault: true,
        signal,
      });
      // Also one that is granted in the moment in which nobody waits any more.
      opening.then(
        (lease) => {
          disposer.add(() => {
            lease.release();
          });
        },
        () => undefined,
      );
      let track: MediaStreamTrack;
      try {
        ({ track } = await withDeadline(opening, PROMPT_TIMEOUT_MS, () => UNANSWERED));
      } catch (error) {
        signal.throwIfAborted();
        if (error === UNANSWERED) return { result: 'failed', reason: 'MICROPHONE_UNANSWERED' };
        return refused(asVoiceError(error, 'MICROPHONE_FAILED'));
      }
      const named = track.label === '' ? {} : { deviceLabel: track.label };
      if (track.muted) return { result: 'failed', reason: 'MICROPHONE_MUTED', details: named };
      const peakDbfs = await loudest(track, levelWorkletUrl, signal);
      const details = { ...named, peakDbfs };
      if (peakDbfs !== null && peakDbfs < SILENT_DBFS)
        return { result: 'warned', reason: 'MICROPHONE_SILENT', details, value: true };
      return { result: 'passed', details, value: true };
    },
  };
}

function refused({ code }: VoiceSDKError): Finding<boolean> {
  return { result: 'failed', reason: REASONS[code] ?? 'MICROPHONE_FAILED', details: { errorCode: code } };
}

/** The loudest moment within 2 s, at once when it is no silence; null where the browser measures nothing. */
function loudest(
  track: MediaStreamTrack,
  workletUrl: string | undefined,
  signal: AbortSignal,
): Promise<number | null> {
  return new Promise((resolve) => {
    let mostDbfs: number | null = null;
    const finish = () => {
      stopTimer(timer);
      signal.removeEventListener('abort', finish);
      stop();
      resolve(mostDbfs);
    };
    const timer = startTimer(LISTEN_MS, finish);
    signal.addEventListener('abort', finish);
    let stop: () => void = () => undefined;
    try {
      const onLevel = ({ peakDbfs }: AudioLevel) => {
        mostDbfs = Math.max(mostDbfs ?? -Infinity, peakDbfs);
        if (mostDbfs >= SILENT_DBFS) finish();
      };
      stop = measureLevel(track, onLevel, { workletUrl });
    } catch {
      finish();
    }
  });
}

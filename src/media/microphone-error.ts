import { type VoiceErrorCode } from '../core/error-catalogue';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import { browser } from './browser';

// Names from Media Capture and Streams, section "getUserMedia()" of MediaDevices; those of older engines beside them.
const CODES: ReadonlyMap<string, VoiceErrorCode> = new Map<string, VoiceErrorCode>([
  ['NotAllowedError', 'MICROPHONE_DENIED'],
  ['SecurityError', 'MICROPHONE_DENIED'],
  ['PermissionDeniedError', 'MICROPHONE_DENIED'],
  ['NotFoundError', 'MICROPHONE_NOT_FOUND'],
  ['OverconstrainedError', 'MICROPHONE_NOT_FOUND'],
  ['DevicesNotFoundError', 'MICROPHONE_NOT_FOUND'],
  ['ConstraintNotSatisfiedError', 'MICROPHONE_NOT_FOUND'],
  ['NotReadableError', 'MICROPHONE_BUSY'],
  ['AbortError', 'MICROPHONE_BUSY'],
  ['TrackStartError', 'MICROPHONE_BUSY'],
]);

/** The name of whatever was thrown: `OverconstrainedError` is no Error in every engine. */
function nameOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('name' in error)) return '';
  return typeof error.name === 'string' ? error.name : '';
}

/** What a media device method threw, as an error of the catalogue with the original as its cause. */
export function microphoneError(error: unknown): VoiceSDKError {
  return asVoiceError(error, CODES.get(nameOf(error)) ?? 'MICROPHONE_FAILED');
}

/** `navigator.mediaDevices`; throws `BROWSER_UNSUPPORTED` where there is none, as on a page without HTTPS. */
export function requireMediaDevices(): MediaDevices {
  const mediaDevices = browser.navigator?.mediaDevices;
  if (!mediaDevices) {
    throw voiceError('BROWSER_UNSUPPORTED', 'There is no microphone access here: use HTTPS or localhost.');
  }
  return mediaDevices;
}

import { voiceError } from '../core/errors';
import type { RawResponse, RawSession } from './jssip';

/** Sends one digit by INFO (application/dtmf-relay). @throws VoiceSDKError `DTMF_FAILED`, `SIGNALING_LOST` */
export function sendInfoDigit(session: RawSession, digit: string, durationMs: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const fail = (response: RawResponse) => {
      reject(voiceError('DTMF_FAILED', `The far end answered ${response.status_code} to the digit.`));
    };
    session.sendRequest('INFO', {
      extraHeaders: ['Content-Type: application/dtmf-relay'],
      body: `Signal=${digit}\r\nDuration=${durationMs}\r\n`,
      eventHandlers: {
        onSuccessResponse: () => {
          resolve();
        },
        onErrorResponse: fail,
        onDialogError: fail,
        onTransportError: () => {
          reject(voiceError('SIGNALING_LOST'));
        },
        // JsSIP reports a 408 the same way.
        onRequestTimeout: () => {
          reject(voiceError('DTMF_FAILED', 'The far end did not answer to the digit.'));
        },
      },
    });
  });
}

import { withDeadline } from '../core/deadline';
import { VoiceSDKError, voiceError } from '../core/errors';
import type { RegisterFailure } from '../sip/register-answer';
import type { SipUserAgent } from '../sip/user-agent';
import { eventPromise } from './event-promise';

/** Time for each WebSocket URL: one attempt gives up after 8 s, and the next URL is tried at once. */
const CONNECT_TIMEOUT_MS = 9_000;
/** Time for REGISTER with its challenge: several round trips, and no person waits longer. */
const REGISTER_TIMEOUT_MS = 10_000;
/** Removing the binding is a courtesy; it expires by itself. */
const UNREGISTER_TIMEOUT_MS = 3_000;

/**
 * Connects and registers for the first time. Unlike later losses this is not retried: the caller is waiting. Of several
 * servers the next one is asked where one cannot be reached, or has no room or no answer for a REGISTER.
 *
 * @throws VoiceSDKError `SIGNALING_UNREACHABLE`, `AUTH_ERROR`, `REGISTRATION_FAILED`.
 */
export async function firstRegistration(
  userAgent: SipUserAgent,
  urlCount: number,
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown;
  for (let left = urlCount; left > 0; left -= 1) {
    try {
      await withDeadline(connected(userAgent, left, signal), left * CONNECT_TIMEOUT_MS, () =>
        voiceError('SIGNALING_UNREACHABLE'),
      );
      await withDeadline(registered(userAgent, signal), REGISTER_TIMEOUT_MS, () =>
        voiceError(
          'REGISTRATION_FAILED',
          `The SIP server did not confirm within ${REGISTER_TIMEOUT_MS} ms.`,
          new Error('timeout'),
        ),
      );
      return;
    } catch (error) {
      // What the first server said tells more than that the others could not be reached.
      failure ??= error;
      if (signal.aborted || !isTroubleOfServer(error)) throw failure;
      if (left > 1) userAgent.failOver();
    }
  }
  throw failure;
}

/** Whether another server may well do better (RFC 3263 section 4.3). */
export function isServerTrouble({ statusCode = 503 }: Partial<RegisterFailure>): boolean {
  return statusCode >= 500 && statusCode < 600;
}

function isTroubleOfServer(error: unknown): boolean {
  if (!(error instanceof VoiceSDKError) || error.code !== 'REGISTRATION_FAILED') return false;
  return isServerTrouble(error.cause ?? {});
}

function connected(userAgent: SipUserAgent, urlCount: number, signal: AbortSignal): Promise<void> {
  if (userAgent.isConnected) return Promise.resolve();
  return eventPromise(signal, (resolve, reject) => {
    let failures = 0;
    const onFailed = () => {
      failures += 1;
      if (failures >= urlCount) reject(voiceError('SIGNALING_UNREACHABLE'));
    };
    userAgent.on('connected', resolve);
    userAgent.on('connectFailed', onFailed);
    userAgent.start();
    return () => {
      userAgent.off('connected', resolve);
      userAgent.off('connectFailed', onFailed);
    };
  });
}

function registered(userAgent: SipUserAgent, signal: AbortSignal): Promise<void> {
  return eventPromise(signal, (resolve, reject) => {
    const onFailed = (failure: RegisterFailure) => {
      const { statusCode, reasonPhrase } = failure;
      const code = [401, 403, 407].includes(statusCode ?? 0) ? 'AUTH_ERROR' : 'REGISTRATION_FAILED';
      const what =
        statusCode === undefined ? reasonPhrase : `the SIP server answered ${statusCode} (${reasonPhrase})`;
      reject(voiceError(code, `REGISTER failed: ${what}.`, failure));
    };
    const onDisconnected = () => {
      reject(voiceError('REGISTRATION_FAILED', 'The connection was lost while registering.'));
    };
    userAgent.on('registered', resolve);
    userAgent.on('registerFailed', onFailed);
    userAgent.on('disconnected', onDisconnected);
    userAgent.register();
    return () => {
      userAgent.off('registered', resolve);
      userAgent.off('registerFailed', onFailed);
      userAgent.off('disconnected', onDisconnected);
    };
  });
}

/** Removes the binding. @throws VoiceSDKError `UNREGISTER_ERROR` */
export function removeBinding(userAgent: SipUserAgent, signal: AbortSignal): Promise<void> {
  const removed = eventPromise(signal, (resolve, reject) => {
    const onUnregistered = (failure: RegisterFailure | undefined) => {
      if (failure) reject(voiceError('UNREGISTER_ERROR', undefined, failure));
      else resolve();
    };
    userAgent.on('unregistered', onUnregistered);
    if (userAgent.unregister()) return () => userAgent.off('unregistered', onUnregistered);
    resolve();
    return () => userAgent.off('unregistered', onUnregistered);
  });
  return withDeadline(removed, UNREGISTER_TIMEOUT_MS, () =>
    voiceError('UNREGISTER_ERROR', `No answer within ${UNREGISTER_TIMEOUT_MS} ms.`),
  );
}

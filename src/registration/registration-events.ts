import type { SipCredentials } from '../auth/sip-credentials';
import { startTimer, stopTimer } from '../core/clock';
import type { TypedEmitter } from '../core/emitter';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import type { RegisterFailure } from '../sip/register-answer';
import type { SipSession } from '../sip/session';
import type { AccountOptions } from './account';
import { eventPromise } from './event-promise';
import type { Wake } from './wake';

export type RegistrationEvents = {
  registered: [];
  unregistered: [detail: { readonly reason?: string }];
  reconnecting: [detail: { readonly attempt: number }];
  reconnected: [];
  error: [error: VoiceSDKError];
  /** Inside the arrival of the INVITE. */
  incoming: [session: SipSession];
};

export interface RegistrationOptions extends AccountOptions {
  /** Exchanges the current token; rejects with a VoiceSDKError. */
  readonly obtainCredentials: (signal: AbortSignal) => Promise<SipCredentials>;
  /** The time at the backend, milliseconds since the Unix epoch. */
  readonly serverNow: () => number;
  readonly wake: Wake;
  readonly logger: Logger;
}

/** What a registration that waits rejects with when the agent changes its mind. */
export const WITHDRAWN = 'unregister() was called meanwhile.';

/** What ends a registration that only another token can bring back. */
export const NO_TOKEN = 'The SIP server refused the credentials, and the token for others has expired.';

/** What the server said, or why it said nothing. */
export function describe({ statusCode, reasonPhrase }: RegisterFailure): string {
  return statusCode === undefined ? reasonPhrase : `${statusCode} ${reasonPhrase}`;
}

/** How long register() waits for a recovery that is going on: about as long as a first registration may take. */
const RECOVERY_TIMEOUT_MS = 25_000;

/** @throws VoiceSDKError `AUTH_ERROR`, `INVALID_STATE`, `DESTROYED`, `SIGNALING_UNREACHABLE` */
export function untilRecovered(
  registration: TypedEmitter<RegistrationEvents>,
  lifetime: AbortSignal,
): Promise<void> {
  let refusal: VoiceSDKError | undefined;
  return eventPromise(lifetime, (resolve, reject) => {
    const onError = (error: VoiceSDKError) => {
      if (error.code === 'AUTH_ERROR') refusal = error;
    };
    const onUnregistered = () => {
      reject(refusal ?? voiceError('INVALID_STATE', WITHDRAWN));
    };
    const timer = startTimer(RECOVERY_TIMEOUT_MS, () => {
      reject(voiceError('SIGNALING_UNREACHABLE', 'Still not registered again; the SDK goes on trying.'));
    });
    registration.on('reconnected', resolve).on('error', onError).on('unregistered', onUnregistered);
    return () => {
      stopTimer(timer);
      registration.off('reconnected', resolve).off('error', onError).off('unregistered', onUnregistered);
    };
  });
}

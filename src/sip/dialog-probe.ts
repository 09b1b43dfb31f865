import { withDeadline } from '../core/deadline';
import type { SipFailure } from '../core/errors';
import type { RawResponse, RawSession } from './jssip';

/** What the far end, or a proxy for it, says of our dialog. */
export type ProbeResult =
  /** It knows the dialog. */
  | 'alive'
  /** 481: it does not. */
  | 'gone'
  /** Nobody is there who could know it (RFC 5057 section 5.1); perhaps only for a moment, as after a restart. */
  | 'absent'
  /** No answer. */
  | 'unknown';

export interface ProbeAnswer {
  readonly result: ProbeResult;
  /** SIP status that says so; 0 without any. */
  readonly statusCode: number;
}

/** RFC 3261 section 21.4.19: call or transaction does not exist. */
export const STATUS_NO_DIALOG = 481;
const STATUS_TIMEOUT = 408;
const ABSENT: readonly number[] = [404, STATUS_TIMEOUT, 410, 480, 604];

// An answer through two proxies takes far less; the next look is due anyhow.
const ANSWER_TIMEOUT_MS = 4_000;

/** What an offer that was not accepted says. */
export function resultOf({ cause }: { readonly cause?: unknown }): ProbeAnswer {
  const { statusCode = 0 } = (cause ?? {}) as Partial<SipFailure>;
  return { result: ABSENT.includes(statusCode) ? 'absent' : 'unknown', statusCode };
}

/**
 * Asks whether the far end still knows the dialog. UPDATE without an offer (RFC 3311) changes nothing but the remote
 * target, which it moves to our new connection; OPTIONS where the far end does not take UPDATE.
 */
export function probeDialog(session: RawSession, method: 'UPDATE' | 'OPTIONS'): Promise<ProbeAnswer> {
  const silence: ProbeAnswer = { result: 'unknown', statusCode: 0 };
  const answer = new Promise<ProbeAnswer>((resolve) => {
    const judge = ({ status_code: statusCode }: Pick<RawResponse, 'status_code'>) => {
      const isAbsent = ABSENT.includes(statusCode);
      resolve({
        result: statusCode === STATUS_NO_DIALOG ? 'gone' : isAbsent ? 'absent' : 'alive',
        statusCode,
      });
    };
    session.sendRequest(method, {
      extraHeaders: [`Contact: ${session.contact}`],
      eventHandlers: {
        onSuccessResponse: judge,
        onErrorResponse: judge,
        onDialogError: judge,
        onTransportError: () => {
          resolve(silence);
        },
        // JsSIP reports a 408 the same way; its own timer comes later than ours.
        onRequestTimeout: () => {
          judge({ status_code: STATUS_TIMEOUT });
        },
      },
    });
  });
  return withDeadline(answer, ANSWER_TIMEOUT_MS, () => new Error('no answer')).catch(() => silence);
}

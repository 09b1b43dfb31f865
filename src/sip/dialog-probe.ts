import { withDeadline } from '../core/deadline';
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

const ABSENT: readonly number[] = [404, 408, 410, 480, 604];

// An answer through two proxies takes far less; the next look is due anyhow.
const ANSWER_TIMEOUT_MS = 4_000;

/**
 * Asks whether the far end still knows the dialog. UPDATE without an offer (RFC 3311) changes nothing but the remote
 * target, which it moves to our new connection; OPTIONS where the far end does not take UPDATE.
 */
export function probeDialog(session: RawSession, method: 'UPDATE' | 'OPTIONS'): Promise<ProbeResult> {
  const result = new Promise<ProbeResult>((resolve) => {
    const judge = ({ status_code: status }: RawResponse) => {
      resolve(status === 481 ? 'gone' : ABSENT.includes(status) ? 'absent' : 'alive');
    };
    session.sendRequest(method, {
      extraHeaders: [`Contact: ${session.contact}`],
      eventHandlers: {
        onSuccessResponse: judge,
        onErrorResponse: judge,
        onDialogError: judge,
        onTransportError: () => {
          resolve('unknown');
        },
        // JsSIP reports a 408 the same way; its own timer comes later than ours.
        onRequestTimeout: () => {
          resolve('absent');
        },
      },
    });
  });
  return withDeadline(result, ANSWER_TIMEOUT_MS, () => new Error('no answer')).catch(() => 'unknown');
}

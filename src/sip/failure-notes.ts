import { STATUS_NO_DIALOG } from './dialog-probe';
import type { EndIntent } from './end-reason';
import { CAUSE, type RawSession } from './jssip';

// RFC 3261 section 21.4.18.
export const STATUS_UNAVAILABLE = 480;

export interface FailureNotes {
  readonly isConfirmed: () => boolean;
  /** Whether media has flowed at least once. */
  readonly wasConnected: () => boolean;
  /** Inbound, and no final response has been sent. */
  readonly isUnanswered: () => boolean;
  /** Takes the reason of an end that comes next, unless there is one already. */
  readonly note: (intent: EndIntent) => void;
}

/** JsSIP reports most of its own reasons as `Canceled`; they are noted on their way in. */
export function noteFailures(
  session: RawSession,
  { isConfirmed, wasConnected, isUnanswered, note }: FailureNotes,
): void {
  const watch = (hook: 'onTransportError' | 'onRequestTimeout' | 'onDialogError', intent: EndIntent) => {
    const original = session[hook].bind(session);
    session[hook] = () => {
      // One request that fails says nothing of a call that is up.
      if (isConfirmed()) return;
      note(intent);
      original();
    };
  };
  watch('onTransportError', { kind: 'transport' });
  watch('onRequestTimeout', { kind: 'timeout' });
  watch('onDialogError', { kind: 'gone', statusCode: STATUS_NO_DIALOG });
  const terminate = session.terminate.bind(session);
  session.terminate = (options) => {
    if (options?.cause === CAUSE.rtpTimeout) {
      // A path that was there once can come back, or be replaced.
      if (wasConnected()) return;
      note({ kind: 'media' });
    }
    // JsSIP itself always gives a cause; without one it is somebody at the escape hatch.
    else if (options?.cause === undefined) {
      const statusCode = options?.status_code ?? STATUS_UNAVAILABLE;
      note(isUnanswered() ? { kind: 'reject', statusCode } : { kind: 'hangup' });
    }
    terminate(options);
  };
}

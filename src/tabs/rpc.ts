import { nowMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { ERROR_CATALOGUE, type VoiceErrorCode } from '../core/error-catalogue';
import { asVoiceError, voiceError, VoiceSDKError } from '../core/errors';
import type { TabChannel, TabMessage } from './channel';

// Messages between tabs arrive in milliseconds; a tab that does not even say that it got one is frozen or hangs.
const RECEIPT_TIMEOUT_MS = 5_000;
// Far above what a phone's slowest method takes: a re-INVITE is given up after 32 s (RFC 3261, timer B).
const ANSWER_TIMEOUT_MS = 60_000;

const LONGEST_MESSAGE = 500;

interface Pending {
  readonly to: string;
  readonly settle: (result: () => unknown) => void;
  timer: TimerHandle;
}

/** Asks another tab to do something. */
export class TabRequests {
  readonly #channel: TabChannel;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(channel: TabChannel) {
    this.#channel = channel;
    channel.on('message', (message) => {
      this.#onMessage(message);
    });
  }

  /**
   * Resolves with what the other tab's method did.
   *
   * @param canWait whether it is to be done also when the tab hung until after this had failed
   * @throws VoiceSDKError what it threw; `TAB_LOST` when the tab does not answer, or {@link abandon} was called
   */
  send(to: string, method: string, args: readonly unknown[], canWait = false): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = (result: () => unknown) => {
        stopTimer(this.#pending.get(id)?.timer);
        this.#pending.delete(id);
        // A promise of its own, so that what `result` throws rejects it.
        Promise.resolve().then(result).then(resolve, reject);
      };
      const timer = this.#giveUpAfter(RECEIPT_TIMEOUT_MS, settle);
      this.#pending.set(id, { to, settle, timer });
      this.#channel.post('request', { id, method, args, ...(canWait ? {} : { sentAtMs: nowMs() }) }, to);
    });
  }

  /** Rejects what was asked of all tabs but `survivor`: they are gone, or it is no longer of interest. */
  abandon(survivor?: string, code: VoiceErrorCode = 'TAB_LOST'): void {
    const fail = () => {
      throw voiceError(code);
    };
    for (const { to, settle } of [...this.#pending.values()]) if (to !== survivor) settle(fail);
  }

  #giveUpAfter(delayMs: number, settle: Pending['settle']): TimerHandle {
    return startTimer(delayMs, () => {
      settle(() => {
        throw voiceError('TAB_LOST');
      });
    });
  }

  #onMessage({ from, kind, body }: TabMessage): void {
    if ((kind !== 'receipt' && kind !== 'response') || typeof body !== 'object' || body === null) return;
    const { id, value, error } = body as Partial<Record<string, unknown>>;
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (pending?.to !== from) return;
    if (kind === 'receipt') {
      stopTimer(pending.timer);
      pending.timer = this.#giveUpAfter(ANSWER_TIMEOUT_MS, pending.settle);
      return;
    }
    pending.settle(() => {
      if (error !== undefined) throw readError(error);
      return value;
    });
  }
}

/**
 * Does what other tabs ask for, until the returned function is called. What waited for longer than the one who asked
 * did (this tab hung meanwhile) is not done any more: a call that nobody expects would be placed.
 */
export function serveTabRequests(
  channel: TabChannel,
  handle: (method: string, args: readonly unknown[], from: string) => Promise<unknown>,
): () => void {
  const onMessage = ({ from, kind, body }: TabMessage) => {
    if (kind !== 'request' || typeof body !== 'object' || body === null) return;
    const { id, method, args, sentAtMs } = body as Partial<Record<string, unknown>>;
    if (typeof id !== 'number' || typeof method !== 'string' || !Array.isArray(args)) return;
    // One clock for all tabs of a machine.
    if (typeof sentAtMs === 'number' && nowMs() - sentAtMs >= RECEIPT_TIMEOUT_MS) return;
    channel.post('receipt', { id }, from);
    handle(method, args, from).then(
      (value) => {
        channel.post('response', { id, value }, from);
      },
      (error: unknown) => {
        channel.post('response', { id, error: plainError(error) }, from);
      },
    );
  };
  channel.on('message', onMessage);
  return () => {
    channel.off('message', onMessage);
  };
}

/** An error as plain data: without its stack, and without a cause but the SIP response. */
export function plainError(error: unknown): Readonly<Record<string, unknown>> {
  const { code, message, cause } = asVoiceError(error, 'MEDIA_FAILED');
  const failure = readFailure(cause);
  return { code, message, ...(failure === undefined ? {} : { cause: failure }) };
}

/** The error that {@link plainError} took apart, whatever was sent in its place. */
export function readError(plain: unknown): VoiceSDKError {
  const { code, message, cause } = (plain ?? {}) as Partial<Record<string, unknown>>;
  const isKnown = typeof code === 'string' && Object.hasOwn(ERROR_CATALOGUE, code);
  return voiceError(
    isKnown ? (code as VoiceErrorCode) : 'MEDIA_FAILED',
    typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : undefined,
    readFailure(cause),
  );
}

function readFailure(cause: unknown): { statusCode: number; reasonPhrase: string } | undefined {
  const { statusCode, reasonPhrase } = (cause ?? {}) as Partial<Record<string, unknown>>;
  if (typeof statusCode !== 'number' || typeof reasonPhrase !== 'string') return undefined;
  return { statusCode, reasonPhrase: reasonPhrase.slice(0, LONGEST_MESSAGE) };
}

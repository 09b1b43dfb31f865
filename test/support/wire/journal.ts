import { afterRealTime } from './next-task';
import { SipResponse, type SipRequest } from './sip-message';

// Real time, well under the test runner's own limit (5 s), so that the message below is what the reader sees.
const DEADLINE_MS = 2000;

export interface JournalEntry {
  readonly direction: 'from agent' | 'to agent' | 'event';
  readonly message: SipRequest | SipResponse | undefined;
  readonly note: string;
}

interface Waiter {
  readonly attempt: () => boolean;
}

/** Everything that crossed the wire, in order, and the waits for what has yet to cross it. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #waiters = new Set<Waiter>();

  record(direction: JournalEntry['direction'], message: JournalEntry['message'], note = ''): void {
    this.entries.push({ direction, message, note });
    for (const waiter of [...this.#waiters]) {
      if (waiter.attempt()) this.#waiters.delete(waiter);
    }
  }

  /** Resolves with the first defined result of `find`, looked for now and after each new entry. */
  wait<T>(what: string, find: () => T | undefined, deadlineMs = DEADLINE_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const now = find();
      if (now !== undefined) {
        resolve(now);
        return;
      }
      const error = new Error();
      const waiter: Waiter = {
        attempt: () => {
          const found = find();
          if (found === undefined) return false;
          cancel();
          resolve(found);
          return true;
        },
      };
      const cancel = afterRealTime(deadlineMs, () => {
        this.#waiters.delete(waiter);
        error.message = `No ${what} within ${deadlineMs} ms. Seen so far:\n${this.transcript()}`;
        reject(error);
      });
      this.#waiters.add(waiter);
    });
  }

  /** One line a message; header values that could hold credentials are left out. */
  transcript(): string {
    if (this.entries.length === 0) return '  (nothing)';
    return this.entries.map((entry) => `  ${describe(entry)}`).join('\n');
  }
}

function describe({ direction, message, note }: JournalEntry): string {
  const arrow = { 'from agent': '-->', 'to agent': '<--', event: '***' }[direction];
  if (!message) return `${arrow} ${note}`;
  const cseq =
    message instanceof SipResponse ? ` (CSeq ${message.cseq} ${message.method})` : ` (CSeq ${message.cseq})`;
  const tag = message.toTag === undefined ? '' : ` to-tag ${message.toTag}`;
  const sdp = message.body === '' ? '' : ' +body';
  return `${arrow} ${message.startLine}${cseq}${tag}${sdp}${note && ` [${note}]`}`;
}

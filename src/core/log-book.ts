import { nowMs } from './clock';

/** How loud a line is. */
export type LogLineLevel = 'error' | 'warn' | 'info' | 'debug';

/** Where log lines go in place of the console, as most loggers have it. Lines arrive redacted. */
export type LogWriter = Readonly<Record<LogLineLevel, (message: string, details?: unknown) => void>>;

/** A line of the log, without secrets, telephone numbers and addresses. */
export interface LogEntry {
  readonly atMs: number;
  readonly level: LogLineLevel;
  readonly scope: string;
  readonly message: string;
  readonly details?: unknown;
}

/** What went over a connection to a SIP server, as it was: for nobody's eyes before it is redacted. */
export interface WireEntry {
  readonly atMs: number;
  readonly kind: 'opened' | 'closed' | 'sent' | 'received';
  /** The SIP message; of a connection its URL, with why it closed. */
  readonly text: string;
}

// Enough for the calls of an hour; a SIP message with SDP has about 2 kB.
const MOST_LINES = 500;
const MOST_MESSAGES = 300;
const MOST_CHARACTERS = 400_000;

/** What one Device wrote to its log and said to its servers of late, and where its log lines go. */
export class LogBook {
  /** Of the host; undefined while it is the console. */
  writer: LogWriter | undefined;
  readonly #lines: LogEntry[] = [];
  readonly #messages: WireEntry[] = [];
  #characters = 0;

  get lines(): readonly LogEntry[] {
    return this.#lines;
  }

  get messages(): readonly WireEntry[] {
    return this.#messages;
  }

  addLine(line: Omit<LogEntry, 'atMs'>): void {
    this.#lines.push({ atMs: nowMs(), ...line });
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
  }

  addMessage(kind: WireEntry['kind'], text: string): void {
    // Pings and pongs (RFC 5626 section 3.5.1) would soon be all there is.
    if (/^[\r\n]*$/.test(text)) return;
    this.#messages.push({ atMs: nowMs(), kind, text });
    this.#characters += text.length;
    while (this.#messages.length > MOST_MESSAGES || this.#characters > MOST_CHARACTERS)
      this.#characters -= this.#messages.shift()?.text.length ?? 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#lines.length = 0;
    this.#messages.length = 0;
    this.#characters = 0;
    this.writer = undefined;
  }
}

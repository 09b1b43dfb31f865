import { voiceError } from './errors';
import { LogBook, type LogLineLevel, type LogWriter } from './log-book';
import { redactText, redactValue } from './redact';

/** How much the SDK writes to the console. `info` is one line per lifecycle transition, `debug` is for support. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

const RANK: Record<LogLevel, number> = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 };

export const LOG_LEVELS = Object.keys(RANK) as readonly LogLevel[];

/** @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkWriter(writer: LogWriter | undefined): LogWriter | undefined {
  const methods = writer as Partial<Record<string, unknown>> | null | undefined;
  if (methods === undefined) return undefined;
  if (
    methods === null ||
    ['error', 'warn', 'info', 'debug'].some((name) => typeof methods[name] !== 'function')
  )
    throw voiceError('INVALID_ARGUMENT', 'A log writer has error(), warn(), info() and debug().');
  return writer;
}

/**
 * Writes redacted lines to the console, or wherever the host wants them, and to the book. Secrets never pass, at any level; telephone numbers and network
 * addresses pass at `debug` only, and never into the book.
 */
export class Logger {
  readonly #level: LogLevel;
  readonly #scope: string;
  /** Shared with its children. */
  readonly book: LogBook;

  constructor(level: LogLevel, scope = 'voice-sdk', book = new LogBook()) {
    this.#level = level;
    this.#scope = scope;
    this.book = book;
  }

  /** A logger of the same level whose lines carry `scope`. */
  child(scope: string): Logger {
    return new Logger(this.#level, `${this.#scope}:${scope}`, this.book);
  }

  error(message: string, details?: unknown): void {
    this.#write('error', message, details);
  }

  warn(message: string, details?: unknown): void {
    this.#write('warn', message, details);
  }

  info(message: string, details?: unknown): void {
    this.#write('info', message, details);
  }

  debug(message: string, details?: unknown): void {
    this.#write('debug', message, details);
  }

  #write(level: LogLineLevel, message: string, details: unknown): void {
    this.book.addLine({
      level,
      scope: this.#scope,
      message: redactText(message, true),
      ...(details === undefined ? {} : { details: redactValue(details, true) }),
    });
    if (RANK[level] > RANK[this.#level]) return;
    const hidePersons = level !== 'debug';
    const line: [string, unknown?] = [`[${this.#scope}] ${redactText(message, hidePersons)}`];
    if (details !== undefined) line.push(redactValue(details, hidePersons));
    try {
      (this.book.writer ?? console)[level](...line);
    } catch (error) {
      // The host's logger must not end a call.
      console.error('[voice-sdk] the log writer failed', redactValue(error, true));
    }
  }
}

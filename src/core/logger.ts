import { redactText, redactValue } from './redact';

/** How much the SDK writes to the console. `info` is one line per lifecycle transition, `debug` is for support. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

type LineLevel = Exclude<LogLevel, 'silent'>;

const RANK: Record<LogLevel, number> = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 };

export const LOG_LEVELS = Object.keys(RANK) as readonly LogLevel[];

/**
 * Writes redacted lines to the console. Secrets never pass, at any level; telephone numbers and network
 * addresses pass at `debug` only.
 */
export class Logger {
  readonly #level: LogLevel;
  readonly #scope: string;

  constructor(level: LogLevel, scope = 'voice-sdk') {
    this.#level = level;
    this.#scope = scope;
  }

  /** A logger of the same level whose lines carry `scope`. */
  child(scope: string): Logger {
    return new Logger(this.#level, `${this.#scope}:${scope}`);
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

  #write(level: LineLevel, message: string, details: unknown): void {
    if (RANK[level] > RANK[this.#level]) return;
    const hidePersons = level !== 'debug';
    const line = `[${this.#scope}] ${redactText(message, hidePersons)}`;
    if (details === undefined) console[level](line);
    else console[level](line, redactValue(details, hidePersons));
  }
}

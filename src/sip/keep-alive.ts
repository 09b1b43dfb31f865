import { monotonicMs, nowMs, randomUuid, stopTimer, type TimerHandle } from '../core/clock';
import { startSteadyTimer } from '../core/steady-timer';

// The ping of RFC 5626 section 4.4.1 and its answer, allowed over WebSocket by RFC 7118 section 6. Kamailio (since
// 5.0) and the sandbox answer it; OpenSIPS, Asterisk and older Kamailios do not, but any SIP server answers OPTIONS,
// were it with 401, 404 or 405 (RFC 3261 section 11).
const PING = '\r\n\r\n';
const PONG = '\r\n';

// Silence, then the time for an answer: a dead path is found within 9 s, in a call within 4.5 s.
const IDLE = { silenceMs: 6_000, answerMs: 3_000 };
const IN_CALL = { silenceMs: 2_500, answerMs: 2_000 };
/** After a sleep or a change of network. */
const PROBE_ANSWER_MS = 2_000;
/** For a server that answers neither: perhaps it learns to. */
const UNANSWERED_INTERVAL_MS = 30_000;
/** A timer that comes later than this says that the page or the machine was asleep: answers may be waiting unread. */
const LATE_MS = 1_000;

export interface KeepAliveOptions {
  /** Address of record that asks, `sip:user@domain`. */
  readonly uri: string;
  readonly isInCall: () => boolean;
  readonly send: (text: string) => void;
  /** The connection is open and dead. */
  readonly onDead: () => void;
  /** A timer has come so late that the page or the machine was asleep. */
  readonly onLate: () => void;
}

type Question = 'ping' | 'options' | 'both';

/**
 * Asks the server for signs of life over an open connection, and says when there are none. Whatever comes in is one.
 * How a server can be asked is learned: only silence to a question that it has answered before on this connection
 * proves anything.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #callId = randomUuid();
  /** By URL, from former connections: what it answers, or that it does not. */
  readonly #known = new Map<string, Question>();
  #url: string | undefined;
  #answers: Question | undefined;
  #hasSpoken = false;
  #asked: Question | undefined;
  #isRepeated = false;
  #askedAtMs = 0;
  #roundTripMs = 0;
  #heardAtMs = 0;
  #heardAtWallMs = 0;
  #sequence = 0;
  #timer: TimerHandle | undefined;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** Whether the open connection has given its signs of life in time. */
  get isAlive(): boolean {
    if (this.#url === undefined || !this.#answers) return this.#url !== undefined;
    const { silenceMs, answerMs } = this.#pace;
    // The monotonic clock of some systems stands still during sleep.
    const silentForMs = Math.max(this.silentForMs, nowMs() - this.#heardAtWallMs);
    return silentForMs <= silenceMs + answerMs + 2 * this.#roundTripMs + LATE_MS;
  }

  /** Whether anything at all has come in over the open connection. */
  get hasSpoken(): boolean {
    return this.#url !== undefined && this.#hasSpoken;
  }

  /** For how long nothing has come in over the open connection. */
  get silentForMs(): number {
    return this.#url === undefined ? 0 : monotonicMs() - this.#heardAtMs;
  }

  get #pace(): typeof IDLE {
    return this.#options.isInCall() ? IN_CALL : IDLE;
  }

  opened(url: string): void {
    this.#url = url;
    this.#answers = undefined;
    this.#hasSpoken = false;
    this.#note();
    this.#ask(this.#known.get(url) ?? 'ping', IDLE.answerMs);
  }

  closed(): void {
    this.#url = undefined;
    stopTimer(this.#timer);
  }

  /** Something came in. */
  heard(text: string): void {
    this.#note();
    this.#hasSpoken = true;
    const isProof = text === PONG || (text.startsWith('SIP/2.0') && text.includes(this.#callId));
    if (isProof && this.#answers !== 'ping') {
      this.#answers = text === PONG ? 'ping' : 'options';
      if (this.#url !== undefined) this.#known.set(this.#url, this.#answers);
    }
    if (!this.#asked || !this.#answers) return;
    if (isProof) this.#roundTripMs = monotonicMs() - this.#askedAtMs;
    this.#rest();
  }

  /** Asks now; a connection that answers questions and not this one is given up within 2 s. */
  probe(): void {
    if (this.#url !== undefined) this.#ask(this.#answers ?? 'both', PROBE_ANSWER_MS);
  }

  /** A call has begun or ended, which changes the pace. */
  callsChanged(): void {
    if (this.#url !== undefined && !this.#asked) this.#rest();
  }

  #note(): void {
    this.#heardAtMs = monotonicMs();
    this.#heardAtWallMs = nowMs();
  }

  #rest(): void {
    this.#asked = undefined;
    const silenceMs = this.#answers ? this.#pace.silenceMs : UNANSWERED_INTERVAL_MS;
    const silentForMs = this.#answers ? this.silentForMs : 0;
    this.#wait(Math.max(0, silenceMs - silentForMs), (isLate) => {
      if (isLate) this.probe();
      else if (this.silentForMs < silenceMs - 1) this.#rest();
      else this.#ask(this.#answers ?? 'both', this.#pace.answerMs);
    });
  }

  #ask(question: Question, answerMs: number, isRepeated = false): void {
    this.#asked = question;
    this.#isRepeated = isRepeated;
    this.#askedAtMs = monotonicMs();
    if (question !== 'options') this.#options.send(PING);
    if (question !== 'ping') this.#options.send(this.#optionsRequest());
    this.#wait(answerMs + 2 * this.#roundTripMs, (isLate) => {
      this.#judge(question, isLate);
    });
  }

  /** Nothing has answered in time. */
  #judge(question: Question, isLate: boolean): void {
    if (isLate && !this.#isRepeated) this.#ask(question, PROBE_ANSWER_MS, true);
    else if (this.#answers) this.#options.onDead();
    else if (question === 'ping') this.#ask('options', IDLE.answerMs);
    else if (this.#url !== undefined) {
      // It has said other things, or was given up for this before: it is not dead, it does not answer questions.
      const isKnown = this.#known.get(this.#url) === 'both';
      this.#known.set(this.#url, 'both');
      if (this.#hasSpoken || isKnown) this.#rest();
      else this.#options.onDead();
    }
  }

  #wait(delayMs: number, callback: (isLate: boolean) => void): void {
    const dueAtMs = nowMs() + delayMs;
    stopTimer(this.#timer);
    this.#timer = startSteadyTimer(delayMs, () => {
      const isLate = nowMs() - dueAtMs > LATE_MS;
      if (isLate) this.#options.onLate();
      callback(isLate);
    });
  }

  #optionsRequest(): string {
    const { uri } = this.#options;
    this.#sequence += 1;
    return [
      `OPTIONS sip:${uri.slice(uri.indexOf('@') + 1)} SIP/2.0`,
      `Via: SIP/2.0/WSS keepalive.invalid;branch=z9hG4bK${randomUuid()}`,
      'Max-Forwards: 70',
      `From: <${uri}>;tag=${this.#callId}`,
      `To: <${uri}>`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${this.#sequence} OPTIONS`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  }
}

/** One call of a customer, seen from the customer's end of the line. */
import EventEmitter from 'eventemitter3';
import type { CallAudio, Hearing } from '../media/call-audio';
import { isDigits } from '../media/telephone-event';
import { waitFor } from '../wait';
import type { JsSipSession, SessionOptions } from './jssip-types';

export interface CallEnd {
  /** Who ended it; `network` for a lost connection or a timeout. */
  readonly by: 'agent' | 'customer' | 'network';
  /** JsSIP's word for it, for example `Terminated`, `Canceled`, `Busy`. */
  readonly cause: string;
  /** The SIP status that refused an outbound call. */
  readonly status: number | undefined;
}

export interface CustomerCallEvents {
  /** The other end rings (outbound) or the customer's phone does (inbound). */
  ringing: [];
  answered: [];
  /** The first audio packet of the agent arrived. */
  audio: [];
  /** The agent keyed a digit. */
  digit: [digit: string, transport: 'rtp' | 'info'];
  /** The agent put the customer on hold, or took it off. */
  hold: [isOnHold: boolean];
  ended: [end: CallEnd];
}

export type CustomerCallState = 'ringing' | 'answered' | 'ended';

export interface HearsOptions {
  /** The pitch to hear, in hertz. */
  readonly hz: number;
  /** Default 15 Hz: two bins of the meter. */
  readonly toleranceHz?: number;
  /** Default -40 dBFS. */
  readonly minDbfs?: number;
  /** Default 5000. */
  readonly timeoutMs?: number;
}

/** How often a wait for audio looks, in ms: five packets. */
const lookEveryMs = 100;
const defaultTimeoutMs = 5000;

export interface CallFacts {
  readonly direction: 'inbound' | 'outbound';
  /** The agent's user_uuid, or the number of a customer who calls. */
  readonly agent: string;
  /** The user part of From: the caller ID that the agent shows. */
  readonly callerId: string;
  /** X- headers of an inbound INVITE, with their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export class CustomerCall extends EventEmitter<CustomerCallEvents> {
  readonly direction: 'inbound' | 'outbound';
  /** The agent's user_uuid, or the number of a customer who calls. */
  readonly agent: string;
  /** The caller ID that the agent shows on an inbound call. */
  readonly callerId: string;
  /** X- headers of an inbound INVITE, with their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  #session: JsSipSession | undefined;
  #state: CustomerCallState = 'ringing';
  #end: CallEnd | undefined;
  #received = '';
  #isOnHold = false;
  #hasRung = false;

  /** @internal */
  constructor(
    facts: CallFacts,
    private readonly audio: CallAudio,
    private readonly sessionOptions: SessionOptions,
  ) {
    super();
    this.direction = facts.direction;
    this.agent = facts.agent;
    this.callerId = facts.callerId;
    this.headers = facts.headers;
  }

  get state(): CustomerCallState {
    return this.#state;
  }

  /** How it ended; undefined while it has not. */
  get end(): CallEnd | undefined {
    return this.#end;
  }

  /** The digits that the agent has keyed, in order. */
  get received(): string {
    return this.#received;
  }

  /** True while the agent holds the call. */
  get isOnHold(): boolean {
    return this.#isOnHold;
  }

  /** What the customer hears now. */
  get hearing(): Hearing {
    return this.audio.hearing;
  }

  /** The negotiated direction seen from the customer: `recvonly` while the agent holds with `sendonly`. */
  get mediaDirection(): string | undefined {
    return this.audio.direction;
  }

  /**
   * Answers an inbound call.
   * @throws Error when it is not ringing, or is outbound
   */
  answer(): void {
    if (this.direction !== 'inbound' || this.#state !== 'ringing' || this.#session === undefined) {
      throw new Error(`cannot answer: the call is ${this.direction} and ${this.#state}`);
    }
    this.#session.answer(this.sessionOptions);
  }

  /** Ends the call whatever its state; an inbound call that rings is refused with `status`. */
  hangup(status = 486): void {
    if (this.#state === 'ended' || this.#session === undefined || this.#session.isEnded()) return;
    const isRefusal = this.direction === 'inbound' && this.#state === 'ringing';
    this.#session.terminate(isRefusal ? { status_code: status } : {});
  }

  /** Puts the agent on hold, or takes it off, with a re-INVITE. */
  hold(on: boolean, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const session = this.#session;
    return waitFor('answer to the re-INVITE', options.timeoutMs ?? defaultTimeoutMs, (resolve, reject) => {
      const done = (): void => {
        resolve(undefined);
      };
      const isSent = on ? session?.hold({}, done) : session?.unhold({}, done);
      if (isSent !== true) reject(new Error('the call cannot be held now'));
      return () => undefined;
    });
  }

  /**
   * Keys digits as RFC 4733 events; resolves when the last has been sent.
   * @throws Error for anything but `0-9 * # A-D`, and where the agent takes no such events
   */
  async sendDigits(digits: string): Promise<void> {
    if (!isDigits(digits)) throw new Error('digits are 0-9, *, # and A-D');
    if (!this.audio.canSendDigits) throw new Error('the agent negotiated no telephone-event');
    await this.audio.sendDigits(digits);
  }

  /** Resolves at the event, or at once when it has already been; rejects at the deadline (default 5 s). */
  waitFor(
    event: 'ringing' | 'answered' | 'ended' | 'audio',
    options: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const has = {
      ringing: this.#hasRung,
      answered: this.#state === 'answered',
      ended: this.#state === 'ended',
      audio: this.hearing.packets > 0,
    };
    if (has[event]) return Promise.resolve();
    return waitFor(`"${event}" of the call`, options.timeoutMs ?? defaultTimeoutMs, (resolve, reject) => {
      const onEvent = (): void => {
        resolve(undefined);
      };
      const onEnd = (end: CallEnd): void => {
        if (event !== 'ended') reject(new Error(`the call ended before "${event}": ${end.cause}`));
      };
      this.once(event, onEvent);
      this.once('ended', onEnd);
      return () => {
        this.off(event, onEvent);
        this.off('ended', onEnd);
      };
    });
  }

  /** Resolves when the customer hears this pitch. With PCMU only: Opus is not decoded. */
  hears(options: HearsOptions): Promise<Hearing> {
    const { hz, toleranceHz = 15, minDbfs = -40, timeoutMs } = options;
    return this.#look(
      `tone of ${hz} Hz`,
      timeoutMs,
      ({ dominantHz, levelDbfs }) =>
        dominantHz !== null && Math.abs(dominantHz - hz) <= toleranceHz && (levelDbfs ?? -127) >= minDbfs,
    );
  }

  /** Resolves when the customer hears nothing, or packets of silence. With PCMU only. */
  hearsSilence(options: { readonly maxDbfs?: number; readonly timeoutMs?: number } = {}): Promise<Hearing> {
    const maxDbfs = options.maxDbfs ?? -60;
    return this.#look(
      'silence',
      options.timeoutMs,
      ({ levelDbfs }) => levelDbfs !== null && levelDbfs <= maxDbfs,
    );
  }

  #look(
    what: string,
    timeoutMs = defaultTimeoutMs,
    matches: (hearing: Hearing) => boolean,
  ): Promise<Hearing> {
    return waitFor(what, timeoutMs, (resolve, reject) => {
      const look = (): void => {
        const { hearing } = this;
        if (hearing.codec === 'opus')
          reject(new Error('Opus is not decoded: give the customer codecs: ["PCMU"]'));
        else if (matches(hearing)) resolve(hearing);
      };
      const timer = setInterval(look, lookEveryMs);
      return () => {
        clearInterval(timer);
      };
    });
  }

  /** Resolves when the digits received end with these; rejects at the deadline (default 5 s). */
  waitForDigits(digits: string, options: { readonly timeoutMs?: number } = {}): Promise<string> {
    if (this.#received.endsWith(digits)) return Promise.resolve(this.#received);
    return waitFor(
      `digits "${digits}" (only "${this.#received}")`,
      options.timeoutMs ?? defaultTimeoutMs,
      (resolve) => {
        const listener = (): void => {
          if (this.#received.endsWith(digits)) resolve(this.#received);
        };
        this.on('digit', listener);
        return () => this.off('digit', listener);
      },
    );
  }

  /** @internal */
  attach(session: JsSipSession): void {
    this.#session = session;
    session.on('progress', () => {
      this.#ring();
    });
    session.on('accepted', () => {
      if (this.#state !== 'ringing') return;
      this.#state = 'answered';
      this.emit('answered');
    });
    session.on('hold', ({ originator }) => {
      if (originator === 'remote') this.#setHold(true);
    });
    session.on('unhold', ({ originator }) => {
      if (originator === 'remote') this.#setHold(false);
    });
    session.on('newDTMF', ({ originator, dtmf }) => {
      if (originator === 'remote') this.noteDigit(dtmf.tone, 'info');
    });
    const onEnd: Parameters<typeof session.on<'ended'>>[1] = ({ originator, cause, message }) => {
      const by = originator === 'remote' ? 'agent' : originator === 'local' ? 'customer' : 'network';
      this.#finish({ by, cause, status: message?.status_code });
    };
    session.on('ended', onEnd);
    session.on('failed', onEnd);
  }

  /** @internal */
  noteDigit(digit: string, transport: 'rtp' | 'info'): void {
    this.#received += digit;
    this.emit('digit', digit, transport);
  }

  /** @internal The process goes away. */
  dispose(): void {
    this.#finish({ by: 'network', cause: 'Sandbox closed', status: undefined });
  }

  #ring(): void {
    if (this.#hasRung) return;
    this.#hasRung = true;
    this.emit('ringing');
  }

  #setHold(isOnHold: boolean): void {
    if (this.#isOnHold === isOnHold) return;
    this.#isOnHold = isOnHold;
    this.emit('hold', isOnHold);
  }

  #finish(end: CallEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#end = end;
    this.audio.close();
    this.emit('ended', end);
  }
}

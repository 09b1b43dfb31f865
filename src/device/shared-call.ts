import type { Call, CallEvents, RawCallSession } from '../call/call';
import { type CallStatus, isOver } from '../call/call-state';
import { monotonicMs } from '../core/clock';
import { type Listener, TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError } from '../core/errors';
import { SurfacedPromise } from '../core/surfaced-promise';
import { CALL_PAYLOADS, type SharedCallNews, type SharedCallState } from './shared-protocol';

/** What a tab may ask of a call that another one carries. */
export type SharedCallMethod =
  | 'accept'
  | 'reject'
  | 'disconnect'
  | 'mute'
  | 'hold'
  | 'sendDigits'
  | 'setInputDevice'
  | 'setOutputDevice'
  | 'watchQuality';

/** Asks the tab that carries the call. */
export type AskForCall = (id: string, method: SharedCallMethod, argument?: unknown) => Promise<unknown>;

/**
 * A {@link Call} that another tab carries: it shows that one's state and passes on what is asked of it. The audio,
 * and with it `session`, is in the other tab only.
 */
export class SharedCall extends TypedEmitter<CallEvents> implements Call {
  readonly id: string;
  readonly direction: 'inbound' | 'outbound';
  readonly remoteIdentity?: string;
  readonly remoteDisplayName?: string;
  readonly customHeaders: Readonly<Record<string, string>>;
  readonly #ask: AskForCall;
  #state: SharedCallState;
  #watchesQuality = false;
  #acceptedAtMs: number | undefined;

  constructor(state: SharedCallState, ask: AskForCall) {
    super();
    this.id = state.id;
    this.direction = state.direction;
    if (state.remoteIdentity !== undefined) this.remoteIdentity = state.remoteIdentity;
    if (state.remoteDisplayName !== undefined) this.remoteDisplayName = state.remoteDisplayName;
    this.customHeaders = Object.freeze({ ...state.customHeaders });
    this.#state = state;
    this.#ask = ask;
  }

  get session(): RawCallSession {
    throw voiceError('UNSUPPORTED', 'The session of this call is in another tab.');
  }

  getStatus(): CallStatus {
    return this.#state.status;
  }

  isMuted(): boolean {
    return this.#state.isMuted;
  }

  isOnHold(): boolean {
    return this.#state.isOnHold;
  }

  isOnRemoteHold(): boolean {
    return this.#state.isOnRemoteHold;
  }

  accept(): Promise<void> {
    return this.#surfaced('accept');
  }

  reject(statusCode = 486): void {
    if (!Number.isInteger(statusCode) || statusCode < 400 || statusCode > 699)
      throw voiceError('INVALID_ARGUMENT', 'A call is rejected with a SIP status from 400 to 699.');
    if (isOver(this.getStatus())) return;
    if (this.direction !== 'inbound' || this.getStatus() !== 'ringing')
      throw voiceError('INVALID_STATE', `A call that is ${this.getStatus()} cannot be rejected.`);
    void this.#surfaced('reject', statusCode);
  }

  disconnect(): Promise<void> {
    if (isOver(this.getStatus())) return Promise.resolve();
    const done = this.#ask(this.id, 'disconnect').then(
      () => undefined,
      (error: unknown) => {
        // A tab that is gone has taken the call with it, which is what was asked for.
        if (!isOver(this.getStatus())) throw error;
      },
    );
    return this.#reported(done);
  }

  mute(on: boolean): void {
    if (typeof on !== 'boolean') throw voiceError('INVALID_ARGUMENT', 'mute() takes true or false.');
    if (!isOver(this.getStatus())) void this.#surfaced('mute', on);
  }

  hold(on: boolean): Promise<void> {
    return this.#surfaced('hold', on);
  }

  sendDigits(digits: string): Promise<void> {
    return this.#surfaced('sendDigits', digits);
  }

  setInputDevice(deviceId: string): Promise<void> {
    return this.#surfaced('setInputDevice', deviceId);
  }

  setOutputDevice(deviceId: string): Promise<void> {
    return this.#surfaced('setOutputDevice', deviceId);
  }

  override on<K extends keyof CallEvents>(event: K, listener: Listener<CallEvents, K>): this {
    this.#watch(event);
    return super.on(event, listener);
  }

  override once<K extends keyof CallEvents>(event: K, listener: Listener<CallEvents, K>): this {
    this.#watch(event);
    return super.once(event, listener);
  }

  /** The tab that carries the call says what happened. */
  tell({ call, event, detail }: SharedCallNews): void {
    if (isOver(this.getStatus()) && event !== 'error') return;
    this.#state = call;
    if (event === 'accepted') this.#acceptedAtMs = monotonicMs();
    if (event === 'shared') return;
    const payload: readonly unknown[] | undefined = CALL_PAYLOADS[event].read(detail);
    if (payload) this.emit(event, ...(payload as never));
  }

  /** The whole state, after a time in which news may have been missed. */
  sync(state: SharedCallState): void {
    const before = this.#state;
    if (isOver(before.status)) return;
    this.#state = state;
    if (state.status === 'accepted' && before.status !== 'accepted') this.emit('accepted');
    if (state.isMuted !== before.isMuted) this.emit('mute', state.isMuted);
    if (state.isOnHold !== before.isOnHold) this.emit('hold', state.isOnHold);
    if (state.isOnRemoteHold !== before.isOnRemoteHold) this.emit('remoteHold', state.isOnRemoteHold);
  }

  /** The tab that carried the call is gone without a word. */
  lose(): void {
    const { status } = this.#state;
    if (isOver(status)) return;
    this.#state = { ...this.#state, status: status === 'accepted' ? 'disconnected' : 'failed' };
    const durationMs = this.#acceptedAtMs === undefined ? 0 : Math.round(monotonicMs() - this.#acceptedAtMs);
    const error = voiceError('TAB_LOST');
    this.emit('error', error);
    this.emit(
      'disconnect',
      Object.freeze({ reason: 'network', cause: error.message, initiator: 'network', durationMs } as const),
    );
  }

  #watch(event: keyof CallEvents): void {
    if (event !== 'quality' || this.#watchesQuality) return;
    this.#watchesQuality = true;
    // Without the figures the call goes on as it was.
    this.#ask(this.id, 'watchQuality').catch(() => {
      this.#watchesQuality = false;
    });
  }

  #surfaced(method: SharedCallMethod, argument?: unknown): Promise<void> {
    const done = isOver(this.getStatus())
      ? Promise.reject(voiceError('INVALID_STATE', 'The call is over.'))
      : this.#ask(this.id, method, argument).then(() => undefined);
    return this.#reported(done);
  }

  #reported(done: Promise<void>): Promise<void> {
    return SurfacedPromise.from(done, (error) => {
      this.emit('error', asVoiceError(error, 'MEDIA_FAILED'));
    });
  }
}

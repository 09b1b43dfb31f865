import type { Call, CallEvents, RawCallSession } from '../call/call';
import type { CallFeedback } from '../call/call-feedback';
import type { CallReport } from '../call/call-report';
import { type CallStatus, isOver } from '../call/call-state';
import { monotonicMs } from '../core/clock';
import { type Listener, TypedEmitter } from '../core/emitter';
import { checkVolume } from '../media/remote-audio';
import { asVoiceError, voiceError } from '../core/errors';
import { SurfacedPromise } from '../core/surfaced-promise';
import {
  CALL_PAYLOADS,
  type CarriedCall,
  type SharedCallNews,
  type SharedCallState,
} from './shared-protocol';

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
  | 'setVolume'
  | 'watchQuality';

/** Asks the tab that carries the call. */
export type AskForCall = (id: string, method: SharedCallMethod, argument?: unknown) => Promise<unknown>;

/** Of the tab that has the audio alone. */
const LEVEL_EVENTS = ['inputLevel', 'outputLevel', 'speakingWhileMuted'] as const;
type LevelEvent = (typeof LEVEL_EVENTS)[number];

/** What was asked for while no tab carried the call; done when one does again. */
interface Wishes {
  isMuted?: boolean;
  isOver?: boolean;
}

/**
 * A {@link Call} that another tab carries: it shows that one's state and passes on what is asked of it. The audio,
 * and with it `session`, is in the other tab only.
 *
 * When that tab is gone it may wait for the next one to take the call up, and goes on then, be it carried by this very
 * tab. Waiting, it remembers the last `mute()` and `disconnect()`; everything else rejects with `TAB_LOST`.
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
  #volume = 1;
  #acceptedAtMs: number | undefined;
  /** `disconnect` was emitted. A call that failed is over a little before: its `error` comes first. */
  #hasEnded = false;
  /** `reconnecting` was emitted, and `reconnected` not yet. */
  #isReconnecting = false;
  #wishes: Wishes | undefined;
  #carried: CarriedCall | undefined;
  readonly #levels = new Map<LevelEvent, { call: CarriedCall; listener: () => void }>();

  constructor(state: SharedCallState, ask: AskForCall) {
    super();
    this.id = state.id;
    this.direction = state.direction;
    if (state.remoteIdentity !== undefined) this.remoteIdentity = state.remoteIdentity;
    if (state.remoteDisplayName !== undefined) this.remoteDisplayName = state.remoteDisplayName;
    this.customHeaders = Object.freeze({ ...state.customHeaders });
    this.#state = state;
    this.#ask = ask;
    this.#noteAge();
  }

  get callId(): string {
    return this.#state.callId ?? '';
  }

  get session(): RawCallSession {
    if (!this.#carried) throw voiceError('UNSUPPORTED', 'The session of this call is in another tab.');
    return this.#carried.session;
  }

  /** Whether no tab carries the call at the moment. */
  get isWaiting(): boolean {
    return this.#wishes !== undefined;
  }

  get timings(): undefined {
    return undefined;
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
    if (this.#wishes) {
      this.#wishes.isOver = true;
      return Promise.resolve();
    }
    const done = this.#ask(this.id, 'disconnect').then(
      () => undefined,
      (error: unknown) => {
        // A tab that is gone has taken the call with it, which is what was asked for, or has left it to the next one.
        if (this.#wishes) this.#wishes.isOver = true;
        else if (!isOver(this.getStatus())) throw error;
      },
    );
    return this.#reported(done);
  }

  mute(on: boolean): void {
    if (typeof on !== 'boolean') throw voiceError('INVALID_ARGUMENT', 'mute() takes true or false.');
    if (this.#wishes) this.#wishes.isMuted = on;
    else if (!isOver(this.getStatus())) void this.#surfaced('mute', on);
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

  getReport(): CallReport {
    return this.#reporting().getReport();
  }

  setFeedback(feedback: CallFeedback): void {
    this.#reporting().setFeedback(feedback);
  }

  setVolume(volume: number): void {
    checkVolume(volume);
    this.#volume = volume;
    if (!isOver(this.getStatus())) void this.#surfaced('setVolume', volume);
  }

  getVolume(): number {
    return this.#volume;
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
    if (this.#hasEnded && event !== 'error') return;
    this.#hasEnded ||= event === 'disconnect';
    if (event === 'reconnecting' || event === 'reconnected') this.#isReconnecting = event === 'reconnecting';
    this.#state = call;
    this.#noteAge();
    if (event === 'shared') return;
    const payload: readonly unknown[] | undefined = CALL_PAYLOADS[event].read(detail);
    if (payload) this.emit(event, ...(payload as never));
  }

  /** The tab that carried the call is gone, and the next one may take it up. One that rings, rings again there. */
  wait(): void {
    if (this.#hasEnded || this.#wishes || this.getStatus() !== 'accepted') return;
    this.#wishes = {};
    this.#carried = undefined;
    this.#followLevels();
    if (this.#isReconnecting) return;
    this.#isReconnecting = true;
    this.emit('reconnecting', { cause: 'signaling' });
  }

  /** This very tab carries the call from now on. */
  carriedBy(call: CarriedCall): void {
    this.#carried = call;
    this.#followLevels();
  }

  /** The whole state, after a time in which news may have been missed. A call that waited goes on. */
  sync(state: SharedCallState): void {
    const before = this.#state;
    if (this.#hasEnded) return;
    const wishes = this.#wishes;
    this.#wishes = undefined;
    this.#state = state;
    this.#noteAge();
    if (state.status === 'accepted' && before.status !== 'accepted') this.emit('accepted');
    if (state.isMuted !== before.isMuted) this.emit('mute', state.isMuted);
    if (state.isOnHold !== before.isOnHold) this.emit('hold', state.isOnHold);
    if (state.isOnRemoteHold !== before.isOnRemoteHold) this.emit('remoteHold', state.isOnRemoteHold);
    if (wishes) this.#goOn(wishes);
  }

  /** The tab that carried the call is gone without a word. */
  lose(): void {
    const { status } = this.#state;
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#wishes = undefined;
    if (!isOver(status))
      this.#state = { ...this.#state, status: status === 'accepted' ? 'disconnected' : 'failed' };
    const durationMs = this.#acceptedAtMs === undefined ? 0 : Math.round(monotonicMs() - this.#acceptedAtMs);
    const error = voiceError('TAB_LOST');
    this.emit('error', error);
    this.emit(
      'disconnect',
      Object.freeze({ reason: 'network', cause: error.message, initiator: 'network', durationMs } as const),
    );
  }

  protected override onListenersChanged(): void {
    this.#followLevels();
  }

  /** Levels are not news for other tabs: they come from the call itself, while somebody listens to them here. */
  #followLevels(): void {
    for (const event of LEVEL_EVENTS) {
      const wanted = this.listenerCount(event) > 0 ? this.#carried : undefined;
      const followed = this.#levels.get(event);
      if (followed?.call === wanted) continue;
      followed?.call.off(event, followed.listener);
      this.#levels.delete(event);
      if (!wanted) continue;
      const listener = (...payload: readonly unknown[]): void => {
        this.emit(event, ...(payload as never));
      };
      this.#levels.set(event, { call: wanted, listener });
      wanted.on(event, listener);
    }
  }

  #reporting(): CarriedCall {
    if (!this.#carried) throw voiceError('UNSUPPORTED', 'The report of this call is in another tab.');
    return this.#carried;
  }

  #goOn({ isMuted, isOver: isUnwanted }: Wishes): void {
    this.#isReconnecting = false;
    this.emit('reconnected');
    if (this.#watchesQuality) this.#askForQuality();
    if (isUnwanted) void this.disconnect();
    else if (isMuted !== undefined && isMuted !== this.isMuted()) this.mute(isMuted);
  }

  /** On this tab's clock, for when nobody is left to ask. */
  #noteAge(): void {
    const { acceptedForMs } = this.#state;
    if (acceptedForMs !== undefined) this.#acceptedAtMs = monotonicMs() - acceptedForMs;
  }

  #watch(event: keyof CallEvents): void {
    if (event !== 'quality' || this.#watchesQuality) return;
    this.#watchesQuality = true;
    if (!this.#wishes) this.#askForQuality();
  }

  #askForQuality(): void {
    // Without the figures the call goes on as it was.
    this.#ask(this.id, 'watchQuality').catch(() => {
      this.#watchesQuality = false;
    });
  }

  #surfaced(method: SharedCallMethod, argument?: unknown): Promise<void> {
    return this.#reported(this.#request(method, argument));
  }

  async #request(method: SharedCallMethod, argument: unknown): Promise<void> {
    if (isOver(this.getStatus())) throw voiceError('INVALID_STATE', 'The call is over.');
    if (this.#wishes) throw voiceError('TAB_LOST');
    await this.#ask(this.id, method, argument);
  }

  #reported(done: Promise<void>): Promise<void> {
    return SurfacedPromise.from(done, (error) => {
      this.emit('error', asVoiceError(error, 'MEDIA_FAILED'));
    });
  }
}

import { startTimer, stopTimer, type TimerHandle } from '../core/clock';
import type { LocalPhone } from './line';
import { type AskForCall, SharedCall } from './shared-call';
import type { SharedCallNews, SharedCallState } from './shared-protocol';

// The far end gives a silent call up at about that age (RTPengine: 60 s), and so does who would take it up.
const GIVE_UP_MS = 60_000;

/** The calls that another tab carries, as this one shows them. */
export class SharedCalls {
  readonly #calls = new Map<string, SharedCall>();
  readonly #tabId: string;
  readonly #emit: LocalPhone['emit'];
  readonly #ask: AskForCall;
  readonly #recoversCalls: boolean;
  #giveUp: TimerHandle | undefined;

  constructor(options: {
    readonly tabId: string;
    /** Whether the next leader takes up the calls of one that is gone. */
    readonly recoversCalls: boolean;
    readonly emit: LocalPhone['emit'];
    readonly ask: AskForCall;
  }) {
    this.#tabId = options.tabId;
    this.#emit = options.emit;
    this.#ask = options.ask;
    this.#recoversCalls = options.recoversCalls;
  }

  /** How each of them is, without the far end. */
  get states(): readonly Pick<
    SharedCallState,
    'direction' | 'status' | 'isMuted' | 'isOnHold' | 'isOnRemoteHold'
  >[] {
    return [...this.#calls.values()].map((call) => ({
      direction: call.direction,
      status: call.getStatus(),
      isMuted: call.isMuted(),
      isOnHold: call.isOnHold(),
      isOnRemoteHold: call.isOnRemoteHold(),
    }));
  }

  get(id: unknown): SharedCall | undefined {
    return this.#calls.get(id as string);
  }

  /** All calls that there are: the others are over, unless those of the leader before `mayComeBack`. */
  sync(states: readonly SharedCallState[], mayComeBack: boolean): void {
    const alive = new Set(states.map(({ id }) => id));
    this.#lose((call) => !alive.has(call.id) && !(mayComeBack && call.isWaiting));
    for (const state of states) {
      const known = this.#calls.get(state.id);
      if (known) known.sync(state);
      else this.#announce(state);
    }
  }

  /** Something happened to a call. */
  tell(news: SharedCallNews): void {
    const { call: state, event, detail } = news;
    const known = this.#calls.get(state.id);
    if (known) {
      if (event === 'disconnect') this.#calls.delete(state.id);
      if (event === 'shared') known.sync(state);
      else known.tell(news);
    } else if (event === 'shared') {
      // What this tab asked for is announced by connect(), which resolves with it.
      if (detail === this.#tabId) this.#add(state);
      else this.#announce(state);
    }
  }

  /** The tab that carried them is gone: they are over, or wait for the next one to take them up. */
  abandon(): void {
    if (this.#recoversCalls) for (const call of this.#calls.values()) call.wait();
    this.#lose((call) => !call.isWaiting);
    stopTimer(this.#giveUp);
    if (this.#calls.size > 0)
      this.#giveUp = startTimer(GIVE_UP_MS, () => {
        this.loseWaiting();
      });
  }

  /** What waits will not come back. */
  loseWaiting(): void {
    this.#lose((call) => call.isWaiting);
  }

  dispose(): void {
    stopTimer(this.#giveUp);
  }

  #lose(isLost: (call: SharedCall) => boolean): void {
    for (const [id, call] of [...this.#calls]) {
      if (!isLost(call)) continue;
      this.#calls.delete(id);
      call.lose();
    }
  }

  #announce(state: SharedCallState): void {
    const rings = state.direction === 'inbound' && state.status === 'ringing';
    this.#emit(rings ? 'incoming' : 'callShared', this.#add(state));
  }

  #add(state: SharedCallState): SharedCall {
    const call = new SharedCall(state, this.#ask);
    this.#calls.set(state.id, call);
    return call;
  }
}

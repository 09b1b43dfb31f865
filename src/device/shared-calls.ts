import type { LocalPhone } from './line';
import { type AskForCall, SharedCall } from './shared-call';
import type { SharedCallNews, SharedCallState } from './shared-protocol';

/** The calls that another tab carries, as this one shows them. */
export class SharedCalls {
  readonly #calls = new Map<string, SharedCall>();
  readonly #tabId: string;
  readonly #emit: LocalPhone['emit'];
  readonly #ask: AskForCall;

  constructor(options: {
    readonly tabId: string;
    readonly emit: LocalPhone['emit'];
    readonly ask: AskForCall;
  }) {
    this.#tabId = options.tabId;
    this.#emit = options.emit;
    this.#ask = options.ask;
  }

  get(id: unknown): SharedCall | undefined {
    return this.#calls.get(id as string);
  }

  /** All calls that there are: the others are over. */
  sync(states: readonly SharedCallState[]): void {
    this.lose(new Set(states.map(({ id }) => id)));
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
      known.tell(news);
    } else if (event === 'shared') {
      // What this tab asked for is announced by connect(), which resolves with it.
      if (detail === this.#tabId) this.#add(state);
      else this.#announce(state);
    }
  }

  /** The tab that carried them is gone, and they with it, except for those in `alive`. */
  lose(alive?: ReadonlySet<string>): void {
    for (const [id, call] of [...this.#calls]) {
      if (alive?.has(id)) continue;
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

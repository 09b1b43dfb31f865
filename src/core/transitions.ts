/**
 * Transition tables: a state machine is data (`state -> event -> next state`), and one setter moves it.
 * An event that the current state does not list is refused, reported, and changes nothing.
 */
export type TransitionTable<S extends string, E extends string> = {
  readonly [state in S]: { readonly [event in E]?: S };
};

export interface Transition<S extends string, E extends string> {
  readonly from: S;
  readonly event: E;
  readonly to: S;
}

export class StateMachine<S extends string, E extends string> {
  readonly #table: TransitionTable<S, E>;
  readonly #onRefused: (state: S, event: E) => void;
  #state: S;

  constructor(table: TransitionTable<S, E>, initial: S, onRefused: (state: S, event: E) => void) {
    this.#table = table;
    this.#state = initial;
    this.#onRefused = onRefused;
  }

  get state(): S {
    return this.#state;
  }

  /** Whether `event` is legal now. */
  can(event: E): boolean {
    return this.#table[this.#state][event] !== undefined;
  }

  /** Moves along `event`; undefined (and a report) when the current state does not allow it. */
  send(event: E): Transition<S, E> | undefined {
    const from = this.#state;
    const to = this.#table[from][event];
    if (to === undefined) {
      this.#onRefused(from, event);
      return undefined;
    }
    this.#state = to;
    return { from, event, to };
  }
}

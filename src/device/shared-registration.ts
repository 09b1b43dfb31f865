import type { LocalPhone } from './line';
import { cut, type SharedRegistration, type SharedView } from './shared-protocol';

/** Where the one registration of several tabs is, and what this tab's listeners were told of it. */
export class RegistrationView {
  readonly #emit: LocalPhone['emit'];
  #state: SharedRegistration = 'unregistered';
  #attempt = 0;
  #reason: string | undefined;
  /** Whether this tab's listeners were told that the agent is registered. */
  #isAnnounced = false;

  constructor(emit: LocalPhone['emit']) {
    this.#emit = emit;
  }

  get state(): SharedRegistration {
    return this.#state;
  }

  /** Whether this tab's listeners were told of an outage that is not over. */
  get isReconnecting(): boolean {
    return this.#isAnnounced && this.#state === 'reconnecting';
  }

  get attempt(): number {
    return this.#attempt;
  }

  /** Why it is not registered, where the server or the agent said so. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** For the other tabs. @param isTried whether somebody is at it where there is no registration */
  facts(isTried: boolean): Pick<SharedView, 'registration' | 'reason' | 'attempt'> {
    return {
      registration: this.#state === 'unregistered' && isTried ? 'reconnecting' : this.#state,
      ...(this.#reason === undefined ? {} : { reason: cut(this.#reason) }),
      attempt: this.#attempt,
    };
  }

  /**
   * The one setter. A tab that joins in an outage has nothing to tell until the agent is registered.
   *
   * @returns whether anything changed
   */
  set(state: SharedRegistration, attempt = 0, reason?: string): boolean {
    if (this.#state === state && this.#attempt === attempt) return false;
    this.#state = state;
    this.#attempt = attempt;
    this.#reason = reason;
    const wasAnnounced = this.#isAnnounced;
    if (state === 'registered') {
      this.#isAnnounced = true;
      this.#emit(wasAnnounced ? 'reconnected' : 'registered');
    } else if (wasAnnounced && state === 'reconnecting') {
      this.#emit('reconnecting', { attempt });
    } else if (wasAnnounced) {
      this.#isAnnounced = false;
      this.#emit('unregistered', reason === undefined ? {} : { reason });
    }
    return true;
  }
}

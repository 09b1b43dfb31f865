import { untilAborted } from '../core/deadline';

/** The time in which one session can send nothing: from the loss of the socket until a next one serves. */
export class Outage {
  #over: Promise<void> | undefined;
  #end: () => void = () => undefined;
  #hasBeen = false;

  get isOn(): boolean {
    return this.#over !== undefined;
  }

  /** Whether there was one at all. */
  get hasBeen(): boolean {
    return this.#hasBeen;
  }

  /** False when it had begun before. */
  begin(): boolean {
    if (this.#over) return false;
    this.#hasBeen = true;
    this.#over = new Promise((resolve) => {
      this.#end = resolve;
    });
    return true;
  }

  /** False when there was none. */
  end(): boolean {
    if (!this.#over) return false;
    this.#over = undefined;
    this.#end();
    return true;
  }

  /** Resolves when requests can be sent, or rejects with the signal's reason. */
  async over(signal: AbortSignal): Promise<void> {
    while (this.#over) await untilAborted(this.#over, signal);
  }
}

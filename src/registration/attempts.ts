/** Counts the attempts since a loss, and announces each. The first one is announced with the loss, however soon it comes. */
export class Attempts {
  readonly #announce: (attempt: number) => void;
  #count = 0;
  #isAnnounced = false;

  constructor(announce: (attempt: number) => void) {
    this.#announce = announce;
  }

  /** The registration was lost. */
  lost(): void {
    this.#count = 1;
    this.#isAnnounced = true;
    this.#announce(1);
  }

  /** An attempt begins. */
  begun(): void {
    const isAnnounced = this.#isAnnounced;
    this.#isAnnounced = false;
    if (isAnnounced) return;
    this.#count += 1;
    this.#announce(this.#count);
  }
}

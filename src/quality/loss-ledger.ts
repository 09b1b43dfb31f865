/** How many samples a late packet can be set off against: no jitter buffer waits longer than these seconds. */
const CREDIT_SAMPLES = 5;

/**
 * Makes losses to show of a count that goes down again. A packet that was overtaken counts as lost until it arrives, and
 * then as minus one (RFC 3550 section 6.4.1): over a few seconds nothing was lost. What a sample takes back is set off
 * against the losses of the next ones, as far as those before it have counted it: a packet that came twice also counts
 * minus one, and makes up for nothing.
 */
export class LossLedger {
  /** Counted, and not taken back. */
  #outstanding = 0;
  #credit = 0;
  #creditAge = 0;

  /** @returns what to show of a sample that counted `loss` */
  add(loss: number): number {
    const takenBack = Math.min(Math.max(0, -loss), this.#outstanding);
    this.#outstanding = Math.max(0, this.#outstanding + loss);
    this.#creditAge = takenBack > 0 ? 0 : this.#creditAge + 1;
    if (this.#creditAge > CREDIT_SAMPLES) this.#credit = 0;
    const shown = Math.max(0, loss) - takenBack - this.#credit;
    this.#credit = Math.max(0, -shown);
    return Math.max(0, shown);
  }
}

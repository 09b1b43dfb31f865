/** Cuts the SIP messages out of what baresip prints with `-s`. */

const start = '\x1b[36;1m#\n';
const end = '\x1b[;m\n';

export interface Traced {
  readonly text: string;
  /** `host:port` that it came from. */
  readonly from: string;
}

export class SipTrace {
  #pending = '';

  /** The messages that this output completes. */
  push(output: string): Traced[] {
    this.#pending += output;
    const messages: Traced[] = [];
    for (;;) {
      const from = this.#pending.indexOf(start);
      const to = this.#pending.indexOf(end, from);
      if (from < 0 || to < 0) {
        // Other lines are of no use, but the start of a message may be cut anywhere.
        this.#pending = from < 0 ? this.#pending.slice(-start.length) : this.#pending.slice(from);
        return messages;
      }
      const [, sender, text] =
        /^\S+ (\S+) -> \S+\n([\s\S]*)$/.exec(this.#pending.slice(from + start.length, to)) ?? [];
      this.#pending = this.#pending.slice(to + end.length);
      if (sender !== undefined && text !== undefined) messages.push({ from: sender, text });
    }
  }
}

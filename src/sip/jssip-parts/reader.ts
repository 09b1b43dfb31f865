/** Thrown by the readers, caught by whoever started them: the text is not what its rule says. */
export class Unreadable extends Error {}

/**
 * Reads a text from left to right. Every pattern is sticky and what has been taken is never given back, so that the
 * time grows with the length of the text however hostile it is; patterns must not repeat a repetition.
 */
export class Reader {
  readonly text: string;
  /** Where the next pattern has to match. */
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The match of the sticky `pattern` at this place, and moves behind it; `null` without one, and stays. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  /** As `match`, for what has to be there. Throws Unreadable. */
  need(pattern: RegExp): RegExpExecArray {
    const found = this.match(pattern);
    if (!found) throw new Unreadable();
    return found;
  }
}

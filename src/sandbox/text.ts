/** Checks of short texts, character by character: linear time, and none of the surprises of patterns. */

export function everyCharacter(text: string, matches: (char: string) => boolean): boolean {
  for (const char of text) if (!matches(char)) return false;
  return true;
}

/** True for a control character, a line break among them: what must never reach a header. */
export const isControl = (char: string): boolean => char < ' ' || char === '\x7f';

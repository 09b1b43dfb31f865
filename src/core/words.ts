/** Replaces `word` wherever it is not part of a longer one. */
export function replaceWord(text: string, word: string, by: string): string {
  let result = '';
  let from = 0;
  let at = text.indexOf(word);
  while (at !== -1) {
    const end = at + word.length;
    if (isWordCharacter(text[at - 1]) || isWordCharacter(text[end])) {
      at = text.indexOf(word, at + 1);
    } else {
      result += text.slice(from, at) + by;
      from = end;
      at = text.indexOf(word, end);
    }
  }
  return result + text.slice(from);
}

/** Whether a name goes on with it. */
export function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}

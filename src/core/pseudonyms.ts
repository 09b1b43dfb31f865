import { redactText } from './redact';
import { isWordCharacter } from './words';

// A name of one or two letters would be taken out of the middle of everything.
const SHORTEST = 3;

/** Gives the persons of one text, and of all that belong to it, names that say who is the same and nothing else. */
export class Pseudonyms {
  readonly #names = new Map<string, string>();
  /** How long the names are that are looked for, the longest first. */
  readonly #lengths: number[] = [];

  /** The name for a user, number or display name. Takes note of it for {@link hide}. */
  of(person: string): string {
    const plain = decoded(person).trim();
    if (plain === '') return '';
    const key = plain.toLowerCase();
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = `party-${this.#names.size + 1}`;
    this.#names.set(key, name);
    if (key.length >= SHORTEST && !this.#lengths.includes(key.length)) {
      this.#lengths.push(key.length);
      this.#lengths.sort((one, other) => other - one);
    }
    return name;
  }

  /**
   * A text that people read without the persons that were named, telephone numbers, addresses and secrets. Not for text
   * that has a grammar: the name of a person may be one of its words, and an extension one of its numbers.
   */
  hide(text: string): string {
    // Dates stay, whatever extension is the number of a year.
    return redactText(text, true)
      .split(/(\b\d{4}-\d\d-\d\d(?:T[\d:.]{1,16}Z?)?)/)
      .map((part, at) => (at % 2 === 1 ? part : this.#replacePersons(part)))
      .join('');
  }

  /** In one pass, whose time does not grow with how many persons there are: hundreds of messages can name thousands. */
  #replacePersons(text: string): string {
    const lower = text.toLowerCase();
    // Where lower case has another length (Turkish İ), positions would be off; hiding it all is safe.
    if (lower.length !== text.length) return this.#namesAny(lower) ? '[hidden]' : text;
    let result = '';
    let from = 0;
    let at = 0;
    while (at < text.length) {
      const person = isWordCharacter(text[at - 1]) ? undefined : this.#personAt(lower, at);
      if (person === undefined) at += 1;
      else {
        result += text.slice(from, at) + (this.#names.get(person) ?? '');
        at += person.length;
        from = at;
      }
    }
    return result + text.slice(from);
  }

  /** Who is named there; the longest, as one name may be the beginning of another. */
  #personAt(lower: string, at: number): string | undefined {
    for (const length of this.#lengths) {
      if (isWordCharacter(lower[at + length])) continue;
      const word = lower.slice(at, at + length);
      if (word.length === length && this.#names.has(word)) return word;
    }
    return undefined;
  }

  #namesAny(lower: string): boolean {
    return [...this.#names.keys()].some((person) => person.length >= SHORTEST && lower.includes(person));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

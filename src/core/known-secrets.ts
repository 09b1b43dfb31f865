import { replaceWord } from './words';

// Shorter ones are in every text, which would be shredded and would show what they are. Where such a secret may stand
// (header, field), it goes with the whole value.
const SHORTEST = 4;
// From here on it is not a word of a sentence, so that it is looked for within words too.
const SHORTEST_PART = 8;

/** Takes secrets out of text that no pattern knows, such as a password within a sentence. */
export class KnownSecrets {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly unknown[]) {
    const forms = secrets.flatMap((secret) => (typeof secret === 'string' ? formsOf(secret) : []));
    // The longest first: one may be the beginning of another.
    this.#secrets = [...new Set(forms)].sort((one, other) => other.length - one.length);
  }

  /** `text` without them. */
  cut(text: string): string {
    let result = text;
    for (const secret of this.#secrets) {
      result =
        secret.length < SHORTEST_PART
          ? replaceWord(result, secret, '[redacted]')
          : result.replaceAll(secret, '[redacted]');
    }
    return result;
  }
}

/** A secret as it is, within JSON and within a URL. */
function formsOf(secret: string): string[] {
  if (secret.length < SHORTEST) return [];
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  try {
    forms.push(encodeURIComponent(secret));
  } catch {
    // Half of a surrogate pair is in no URL.
  }
  return forms;
}

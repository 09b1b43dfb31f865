/** Keys and passwords that an operator hands in, and comparing them without telling where they differ. */

/** Text stands for its bytes in UTF-8. */
export type Secret = string | Uint8Array;

/** One secret, or several while one replaces another: the first makes what is new, each is accepted. */
export type Secrets = Secret | readonly Secret[];

/** Bytes of their own memory, as Web Crypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function bytesOf(secret: Secret): Bytes {
  return typeof secret === 'string' ? new TextEncoder().encode(secret) : new Uint8Array(secret);
}

/**
 * @param name of the option, for the message; the secret itself is in none
 * @returns at least one
 * @throws TypeError for none, for something else than text or bytes, and for one that is too short
 */
export function readSecrets(name: string, given: Secrets, minBytes: number): [Bytes, ...Bytes[]] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const [first, ...rest] = list.map((secret) => {
    if (typeof secret !== 'string' && !(secret instanceof Uint8Array))
      throw new TypeError(`${name} is missing, or neither text nor bytes`);
    const bytes = bytesOf(secret);
    if (bytes.length < minBytes) throw new TypeError(`${name} is shorter than ${minBytes} bytes`);
    return bytes;
  });
  if (first === undefined) throw new TypeError(`${name} holds no secret`);
  return [first, ...rest];
}

/** Equality of texts of any length that takes as long for a near miss as for a far one. */
export async function equalSecrets(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([digest(a), digest(b)]);
  return equalBytes(left, right);
}

/** True when one of `accepted` is `given`. Looks at each, so the time does not tell which. */
export async function includesSecret(accepted: readonly string[], given: string): Promise<boolean> {
  const results = await Promise.all(accepted.map((one) => equalSecrets(one, given)));
  return results.includes(true);
}

// Digests have one length, so the length of a secret does not show either.
async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(text)));
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}

/** A small seeded generator (mulberry32), so that a failure can be run again. Numbers from 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const BITS = [
  ...[
    '"',
    '\\',
    '<',
    '>',
    ';',
    ',',
    '=',
    ':',
    '@',
    '[',
    ']',
    '%',
    '%41',
    '%ff',
    '?',
    '&',
    '/',
    '.',
    '-',
    '*',
  ],
  ...[' ', '\t', '\r\n ', '\r\n', '\n', '\u0000', '\u00e9', '\ud83d', '{', '(', '#', '|', '^', '`', '_', '+'],
  ...[
    '0',
    '7',
    '65536',
    '256',
    'a',
    'Z',
    'sip:',
    'sips:',
    'tel:',
    ';lr',
    ';tag=x',
    ';expires=5',
    ';q=0.5',
    '::',
  ],
];

/** Changes `text` in one to three places: strange characters, pieces lost, twice, or out of `other`. */
export function mutated(text: string, other: string, random: () => number): string {
  const below = (count: number): number => Math.floor(random() * count);
  let result = text;
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const at = below(result.length + 1);
    const end = Math.min(result.length, at + below(6));
    const piece = other.slice(below(other.length), below(other.length));
    const middle = [
      () => '',
      () => BITS[below(BITS.length)] ?? '',
      () => `${BITS[below(BITS.length)] ?? ''}${result.slice(at, end)}`,
      () => result.slice(at, end).repeat(2),
      () => result.slice(at, end).toUpperCase(),
      () => piece,
    ][below(6)]?.();
    result = result.slice(0, at) + (middle ?? '') + result.slice(end);
  }
  return result;
}

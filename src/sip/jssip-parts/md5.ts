/** By how many bits each step rotates: four in turn, in each of the four rounds. */
const ROTATIONS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

/** MD5 of the text in UTF-8 (RFC 1321), in hexadecimal digits: what SIP servers ask of a Digest to this day. */
export function md5(text: string): string {
  const bytes = new TextEncoder().encode(text);
  // A one bit, zeros, and the length in bits fill the last block of 64 bytes.
  const view = new DataView(new ArrayBuffer(((bytes.length + 72) >> 6) << 6));
  bytes.forEach((byte, at) => {
    view.setUint8(at, byte);
  });
  view.setUint8(bytes.length, 0x80);
  view.setUint32(view.byteLength - 8, bytes.length << 3, true);

  let [a, b, c, d] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < view.byteLength; block += 64) {
    const before = [a, b, c, d] as const;
    for (let step = 0; step < 64; step++) {
      const round = step >> 4;
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round] ?? 0;
      const word = ([step, 5 * step + 1, 3 * step + 5, 7 * step][round] ?? 0) & 15;
      const sine = Math.abs(Math.sin(step + 1)) * 2 ** 32;
      const sum = (a + mixed + Math.floor(sine) + view.getInt32(block + 4 * word, true)) | 0;
      const bits = ROTATIONS[4 * round + (step & 3)] ?? 0;
      [a, d, c, b] = [d, c, b, (b + ((sum << bits) | (sum >>> (32 - bits)))) | 0];
    }
    a = (a + before[0]) | 0;
    b = (b + before[1]) | 0;
    c = (c + before[2]) | 0;
    d = (d + before[3]) | 0;
  }
  return [a, b, c, d]
    .flatMap((sum) => [sum, sum >> 8, sum >> 16, sum >> 24])
    .map((byte) => (byte & 255).toString(16).padStart(2, '0'))
    .join('');
}

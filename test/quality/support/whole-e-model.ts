/**
 * The E-model of ITU-T G.107 (06/2015) whole, all terms from the planning parameters of its table 2, and its fullband
 * version. Written apart from the one of the SDK, to be compared with it.
 */

const SLR = 8;
const RLR = 2;
const STMR = 15;
const LSTR = 18;
const DS = 3;
const TELR = 65;
const WEPL = 110;
const PS = 35;
const PR = 35;
const NC = -70;
const NFOR = -64;
const QDU = 1;

const db = (power: number) => 10 * Math.log10(power);
const power = (level: number) => 10 ** (level / 10);

/** Clause 7.2. */
function noise(): number {
  const olr = SLR + RLR;
  const send = PS - SLR - DS - 100 + 0.004 * (PS - olr - DS - 14) ** 2;
  const effective = PR + db(1 + power(10 - LSTR));
  const receive = RLR - 121 + effective + 0.008 * (effective - 35) ** 2;
  return db(power(NC) + power(send) + power(receive) + power(NFOR + RLR));
}

export const ro = 15 - 1.5 * (SLR + noise());

/** Clause 7.3. */
export function simultaneous(delayMs: number): number {
  const x = SLR + RLR + 0.2 * (64 + noise() - RLR);
  const loudness = 20 * ((1 + (x / 8) ** 8) ** (1 / 8) - x / 8);
  const stmr = -db(power(-STMR) + Math.exp(-delayMs / 4) * power(-TELR));
  const sidetone =
    12 * (1 + ((stmr - 13) / 6) ** 8) ** (1 / 8) -
    28 * (1 + ((stmr + 1) / 19.4) ** 35) ** (1 / 35) -
    13 * (1 + ((stmr - 3) / 33) ** 13) ** (1 / 13) +
    29;
  const q = 37 - 15 * Math.log10(QDU);
  const g = 1.07 + 0.258 * q + 0.0602 * q * q;
  const y = (ro - 100) / 15 + 46 / 8.4 - g / 9;
  const z = 46 / 30 - g / 40;
  return loudness + sidetone + 15 * Math.log10(1 + 10 ** y + 10 ** z);
}

/** Clause 7.4. */
export function delayImpairment(delayMs: number): number {
  const terv =
    TELR - 40 * Math.log10((1 + delayMs / 10) / (1 + delayMs / 150)) + 6 * Math.exp(-0.3 * delayMs ** 2);
  const re = 80 + 2.5 * (terv - 14);
  const idte = ((ro - re) / 2 + Math.sqrt((ro - re) ** 2 / 4 + 100) - 1) * (1 - Math.exp(-delayMs));
  const rle = 10.5 * (WEPL + 7) * (2 * delayMs + 1) ** -0.25;
  const idle = (ro - rle) / 2 + Math.sqrt((ro - rle) ** 2 / 4 + 169);
  const x = Math.log(delayMs / 100) / Math.log(2);
  const idd = delayMs <= 100 ? 0 : 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
  return idte + idle + idd;
}

export type TableCodec = 'PCMU' | 'opus';

/** What the model gives for random loss and an absolute delay from mouth to ear. */
export function expectedMos(codec: TableCodec, delayMs: number, lossPercent: number): number {
  const id = delayImpairment(delayMs);
  const rating =
    codec === 'PCMU'
      ? ro - simultaneous(delayMs) - id - (95 * lossPercent) / (lossPercent + 25.1)
      : // G.107.2: the scale of 148 in place of 100. Ie 16.15 and Bpl 10.37 are Opus at 32 kbit/s (Alahmadi et al., 2021).
        (148 - 1.48 * id - 16.15 - ((132 - 16.15) * lossPercent) / (lossPercent + 10.37)) / 1.48;
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  // Annex B.
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

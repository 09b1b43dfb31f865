/** The tones of the telephone network, as data. */

/** Frequencies that sound together, switched on and off. */
export interface Tone {
  readonly frequenciesHz: readonly number[];
  /** Amplitude modulation of all of them. */
  readonly modulationHz?: number;
  /** On, off, on, off…, in milliseconds; repeated. */
  readonly cadenceMs: readonly number[];
}

export interface ToneSet {
  /** What a caller hears while the far end rings. */
  readonly ringing: Tone;
  readonly busy: Tone;
  readonly congestion: Tone;
  readonly callWaiting: Tone;
}

function tone(frequenciesHz: readonly number[], cadenceMs: readonly number[], modulationHz?: number): Tone {
  return { frequenciesHz, cadenceMs, ...(modulationHz === undefined ? {} : { modulationHz }) };
}

/** For every other country: 425 Hz and cadences inside the limits that ITU-T E.180/Q.35 (03/1998) recommends. */
export const RECOMMENDED_TONES: ToneSet = {
  ringing: tone([425], [1000, 4000]),
  busy: tone([425], [500, 500]),
  congestion: tone([425], [250, 250]),
  callWaiting: tone([425], [400, 9000]),
};

/**
 * By country code (ISO 3166-1 alpha-2). Source of every figure, where nothing else is said: ITU-T E.180 Supplement 2,
 * "Various tones used in national networks", the entry of that country. Where it lists several variants, the one of
 * the public network's digital exchanges.
 */
export const NATIONAL_TONES: Readonly<Record<string, ToneSet>> = {
  // Entry "Australia"; of the ringing tones the one of 413 + 438 Hz.
  au: {
    ringing: tone([413, 438], [400, 200, 400, 2000]),
    busy: tone([425], [375, 375]),
    // The entry lowers every second burst by 10 dB; here all are alike.
    congestion: tone([425], [375, 375]),
    callWaiting: tone([425], [200, 200, 200, 4400]),
  },
  // Entry "Brazil".
  br: {
    ringing: tone([425], [1000, 4000]),
    busy: tone([425], [250, 250]),
    congestion: tone([425], [250, 250, 750, 250]),
    callWaiting: tone([425], [50, 1000]),
  },
  // Entry "Germany", variants I.
  de: {
    ringing: tone([425], [1000, 4000]),
    busy: tone([425], [480, 480]),
    congestion: tone([425], [240, 240]),
    callWaiting: tone([425], [200, 200, 200, 5000]),
  },
  // Entry "Spain".
  es: {
    ringing: tone([425], [1500, 3000]),
    busy: tone([425], [200, 200]),
    congestion: tone([425], [200, 200, 200, 200, 200, 600]),
    callWaiting: tone([425], [175, 175, 175, 3500]),
  },
  // Entry "France"; its congestion tone, as where nothing else is known, has half the busy tone's period.
  fr: {
    ringing: tone([440], [1500, 3500]),
    busy: tone([440], [500, 500]),
    congestion: tone([440], [250, 250]),
    callWaiting: tone([440], [300, 10000]),
  },
  // Entry "United Kingdom"; the same in BT SIN 350.
  gb: {
    ringing: tone([400, 450], [400, 200, 400, 2000]),
    busy: tone([400], [375, 375]),
    congestion: tone([400], [400, 350, 225, 525]),
    callWaiting: tone([400], [100, 2500]),
  },
  // Entry "India".
  in: {
    ringing: tone([400], [400, 200, 400, 2000], 25),
    busy: tone([400], [750, 750]),
    congestion: tone([400], [250, 250]),
    callWaiting: tone([400], [200, 100, 200, 7500]),
  },
  // Entry "Italy".
  it: {
    ringing: tone([425], [1000, 4000]),
    busy: tone([425], [500, 500]),
    congestion: tone([425], [200, 200]),
    callWaiting: tone([425], [400, 100, 250, 100, 150, 14000]),
  },
  // Entry "Japan"; it gives the modulation as 15 to 20 Hz.
  jp: {
    ringing: tone([400], [1000, 2000], 16),
    busy: tone([400], [500, 500]),
    congestion: tone([400], [500, 500]),
    callWaiting: tone([400], [500, 8000], 16),
  },
  // Entry "Netherlands".
  nl: {
    ringing: tone([425], [1000, 4000]),
    busy: tone([425], [500, 500]),
    congestion: tone([425], [250, 250]),
    callWaiting: tone([425], [500, 9500]),
  },
  // Entry "United States"; the same in ITU-T E.300 Supplement 3, the North American tone plan.
  us: {
    ringing: tone([440, 480], [2000, 4000]),
    busy: tone([480, 620], [500, 500]),
    congestion: tone([480, 620], [250, 250]),
    callWaiting: tone([440], [300, 10000]),
  },
};

/** The tones of a country, of any case; without one, of the browser's language. */
export function tonesOf(country: string | undefined): ToneSet {
  const code = (country ?? browserCountry() ?? 'us').toLowerCase();
  // One numbering plan and one tone plan (ITU-T E.300 Supplement 3).
  const key = code === 'ca' ? 'us' : code;
  return (Object.hasOwn(NATIONAL_TONES, key) ? NATIONAL_TONES[key] : undefined) ?? RECOMMENDED_TONES;
}

function browserCountry(): string | undefined {
  const { language } = (globalThis.navigator as Partial<Navigator> | undefined) ?? {};
  try {
    return language === undefined ? undefined : new Intl.Locale(language).maximize().region;
  } catch {
    return undefined;
  }
}

/** ITU-T Q.23 section 6: one frequency of the low group (the row of the keypad) with one of the high group. */
const LOW_GROUP_HZ = [697, 770, 852, 941] as const;
const HIGH_GROUP_HZ = [1209, 1336, 1477, 1633] as const;
const KEYPAD = ['123A', '456B', '789C', '*0#D'] as const;
/** As long as it is sent (W3C WebRTC, insertDTMF). */
const DIGIT_MS = 100;

/** The tone of a key; undefined for what is no key. */
export function digitTone(digit: string): Tone | undefined {
  for (const [row, keys] of KEYPAD.entries()) {
    const column = digit.length === 1 ? keys.indexOf(digit) : -1;
    const [low, high] = [LOW_GROUP_HZ[row], HIGH_GROUP_HZ[column]];
    if (low !== undefined && high !== undefined) return tone([low, high], [DIGIT_MS]);
  }
  return undefined;
}

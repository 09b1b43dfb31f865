import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  periodsOf,
  renderRinger,
  renderTone,
  SAMPLE_RATE_HZ,
  wavFile,
} from '../../../../src/media/sounds/synthesis';
import {
  digitTone,
  NATIONAL_TONES,
  RECOMMENDED_TONES,
  type Tone,
  type ToneSet,
  tonesOf,
} from '../../../../src/media/sounds/tones';
import {
  cadenceOf,
  cut,
  levelAt,
  levelOf,
  readWav,
  type RenderedSound,
  steepest,
} from '../../../support/listen';

const asHeard = (samples: Int16Array): RenderedSound => ({
  sampleRateHz: SAMPLE_RATE_HZ,
  samples: Float32Array.from(samples, (sample) => sample / 0x7fff),
});

/** Every tone of the table, by country and name. */
const ALL = Object.entries({ ...NATIONAL_TONES, recommended: RECOMMENDED_TONES }).flatMap(
  ([country, tones]) =>
    Object.entries(tones as unknown as Record<string, Tone>).map(
      ([name, tone]) => [`${country} ${name}`, tone] as const,
    ),
);

describe('the table', () => {
  // Written down from the Supplement a second time, in its own notation: Hz, then seconds on and off.
  it.each<[string, keyof ToneSet, string]>([
    ['us', 'ringing', '440+480 2 4'],
    ['us', 'busy', '480+620 0.5 0.5'],
    ['us', 'congestion', '480+620 0.25 0.25'],
    ['us', 'callWaiting', '440 0.3 10'],
    ['gb', 'ringing', '400+450 0.4 0.2 0.4 2'],
    ['gb', 'busy', '400 0.375 0.375'],
    ['gb', 'congestion', '400 0.4 0.35 0.225 0.525'],
    ['de', 'ringing', '425 1 4'],
    ['de', 'busy', '425 0.48 0.48'],
    ['de', 'congestion', '425 0.24 0.24'],
    ['de', 'callWaiting', '425 0.2 0.2 0.2 5'],
    ['fr', 'ringing', '440 1.5 3.5'],
    ['fr', 'busy', '440 0.5 0.5'],
    ['it', 'ringing', '425 1 4'],
    ['it', 'congestion', '425 0.2 0.2'],
    ['es', 'ringing', '425 1.5 3'],
    ['es', 'busy', '425 0.2 0.2'],
    ['nl', 'ringing', '425 1 4'],
    ['nl', 'congestion', '425 0.25 0.25'],
    ['br', 'busy', '425 0.25 0.25'],
    ['br', 'congestion', '425 0.25 0.25 0.75 0.25'],
    ['in', 'ringing', '400x25 0.4 0.2 0.4 2'],
    ['in', 'busy', '400 0.75 0.75'],
    ['au', 'ringing', '413+438 0.4 0.2 0.4 2'],
    ['au', 'busy', '425 0.375 0.375'],
    ['jp', 'ringing', '400x16 1 2'],
    ['jp', 'busy', '400 0.5 0.5'],
  ])('%s %s is %s', (country, name, figures) => {
    const { frequenciesHz, modulationHz, cadenceMs } = tonesOf(country)[name];
    const pitch = frequenciesHz.join('+') + (modulationHz === undefined ? '' : `x${modulationHz}`);
    expect([pitch, ...cadenceMs.map((partMs) => partMs / 1000)].join(' ')).toBe(figures);
  });

  it.each(ALL)('%s ends in silence, and is of the band that such tones have', (_name, tone) => {
    expect(tone.cadenceMs.length % 2).toBe(0);
    expect(Math.min(...tone.cadenceMs)).toBeGreaterThanOrEqual(50);
    for (const hz of tone.frequenciesHz) {
      expect(hz).toBeGreaterThanOrEqual(340);
      expect(hz).toBeLessThanOrEqual(650);
    }
  });
});

describe('the country', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is of any case; Canada has the tones of the United States, and others the recommended ones', () => {
    expect(tonesOf('GB')).toBe(NATIONAL_TONES['gb']);
    expect(tonesOf('ca')).toBe(NATIONAL_TONES['us']);
    expect(tonesOf('pl')).toBe(RECOMMENDED_TONES);
  });

  it.each([
    ['de-DE', 'de'],
    ['pt-BR', 'br'],
    ['ja', 'jp'],
    ['en', 'us'],
    ['', 'us'],
    [undefined, 'us'],
    ['not a language', 'us'],
  ])('is that of the browser: %s is %s', (language, country) => {
    vi.stubGlobal('navigator', { language });
    expect(tonesOf(undefined)).toBe(NATIONAL_TONES[country]);
  });

  it('is us where there is no browser', () => {
    vi.stubGlobal('navigator', undefined);
    expect(tonesOf(undefined)).toBe(NATIONAL_TONES['us']);
  });
});

describe('a rendered tone', () => {
  it.each(ALL)('%s has its frequencies, its cadence and no click', (_name, tone) => {
    const sound = asHeard(renderTone(tone));
    expect(cadenceOf(sound)).toEqual(tone.cadenceMs.map((partMs) => expect.closeTo(partMs, -1.1) as number));
    const burst = cut(sound, 10, (tone.cadenceMs[0] ?? 0) - 10);
    for (const hz of tone.frequenciesHz)
      // The strongest part of a modulated one is its carrier, 1.5 dB below an unmodulated tone.
      expect(levelAt(burst, hz)).toBeCloseTo(-20 - 10 * Math.log10(tone.frequenciesHz.length), -1);
    expect(levelAt(burst, 1000)).toBeLessThan(-45);
    // A sine of f Hz and amplitude a is never steeper than 2 pi f a: more would be a click.
    const amplitude = 0.1 * Math.SQRT2 * Math.sqrt(tone.frequenciesHz.length);
    const modulated = tone.modulationHz === undefined ? 1 : 1.9;
    const limit = (2 * Math.PI * Math.max(...tone.frequenciesHz) * amplitude * modulated) / SAMPLE_RATE_HZ;
    expect(steepest(sound)).toBeLessThanOrEqual(limit * 1.05);
    expect(sound.samples[0]).toBe(0);
    expect(sound.samples.at(-1)).toBe(0);
  });

  it.each(ALL)('%s is heard at -20 dBFS', (_name, tone) => {
    const burst = cut(asHeard(renderTone(tone)), 5, (tone.cadenceMs[0] ?? 0) - 5);
    expect(levelOf(burst)).toBeGreaterThan(-21.5);
    expect(levelOf(burst)).toBeLessThan(-19);
  });

  it('that is modulated has both side bands', () => {
    const burst = cut(asHeard(renderTone(tonesOf('in').ringing)), 20, 380);
    const carrier = levelAt(burst, 400);
    for (const hz of [375, 425]) expect(carrier - levelAt(burst, hz)).toBeLessThan(8);
  });

  it('repeats its cadence as often as asked', () => {
    const { busy } = tonesOf('us');
    expect(periodsOf(busy, 4000)).toBe(4);
    expect(periodsOf(tonesOf('us').ringing, 100)).toBe(1);
    expect(renderTone(busy, 4)).toHaveLength(4 * SAMPLE_RATE_HZ);
  });

  it('becomes a file that players know', async () => {
    const samples = renderTone(tonesOf('de').busy);
    const blob = wavFile(samples);
    expect(blob.type).toBe('audio/wav');
    const { sampleRateHz, samples: read } = await readWav(blob);
    expect(sampleRateHz).toBe(SAMPLE_RATE_HZ);
    expect(read).toEqual(asHeard(samples).samples);
  });
});

it('the ringer has the cadence of the country, two pitches and no click', () => {
  const sound = asHeard(renderRinger(tonesOf('gb').ringing));
  const ringing = cut(sound, 0, 400);
  for (const hz of [800, 1000]) expect(levelAt(ringing, hz)).toBeGreaterThan(-25);
  expect(levelOf(cut(sound, 400, 600))).toBeLessThan(-100);
  expect(levelOf(cut(sound, 1005, 3000))).toBeLessThan(-100);
  expect(sound.samples).toHaveLength(3 * SAMPLE_RATE_HZ);
  expect(steepest(sound)).toBeLessThan(((2 * Math.PI * 1000 * 0.2242) / SAMPLE_RATE_HZ) * 1.05);
});

describe('the keys (ITU-T Q.23)', () => {
  it.each([
    ['1', 697, 1209],
    ['2', 697, 1336],
    ['3', 697, 1477],
    ['A', 697, 1633],
    ['4', 770, 1209],
    ['5', 770, 1336],
    ['6', 770, 1477],
    ['B', 770, 1633],
    ['7', 852, 1209],
    ['8', 852, 1336],
    ['9', 852, 1477],
    ['C', 852, 1633],
    ['*', 941, 1209],
    ['0', 941, 1336],
    ['#', 941, 1477],
    ['D', 941, 1633],
  ])('%s is %d Hz with %d Hz', (digit, low, high) => {
    const tone = digitTone(digit);
    expect(tone?.frequenciesHz).toEqual([low, high]);
    const sound = asHeard(renderTone(tone as Tone));
    expect(sound.samples).toHaveLength(0.1 * SAMPLE_RATE_HZ);
    for (const hz of [697, 770, 852, 941, 1209, 1336, 1477, 1633])
      if (hz === low || hz === high) expect(levelAt(sound, hz)).toBeGreaterThan(-25);
      else expect(levelAt(sound, hz)).toBeLessThan(-35);
  });

  it.each([',', '', '12', 'E', '123A'])('%j is none', (digit) => {
    expect(digitTone(digit)).toBeUndefined();
  });
});

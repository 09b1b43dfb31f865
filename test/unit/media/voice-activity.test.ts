import { beforeEach, describe, expect, it } from 'vitest';
import { toDbfs } from '../../../src/media/meters/to-dbfs';
import { VoiceActivity } from '../../../src/media/meters/voice-activity';
import { noisySpeech, STRETCH_MS } from '../../support/noisy-speech';
import { SAMPLE_RATE_HZ } from '../../support/tone-wav';

const STEP_MS = 100;

let atMs: number;
let saidAtMs: number[];
let voice: VoiceActivity;

beforeEach(() => {
  atMs = 5_000;
  saidAtMs = [];
  voice = new VoiceActivity(() => saidAtMs.push(atMs));
});

/** Levels of a tenth of a second each. */
function hear(durationMs: number, ...dbfs: number[]): void {
  for (let step = 0; step < durationMs / STEP_MS; step += 1) {
    atMs += STEP_MS;
    voice.hear(dbfs[step % dbfs.length] ?? NaN, atMs);
  }
}

// Levels of 100 ms of one sentence differ like this.
const TALK = [-30, -24, -27, -38, -22, -33, -58, -26];

describe('talk', () => {
  it('is said after 300 ms of it', () => {
    hear(2_000, -60);
    hear(200, -25);
    expect(saidAtMs).toEqual([]);
    hear(100, -25);
    expect(saidAtMs).toEqual([7_300]);
  });

  it('is said once, however long it goes on', () => {
    hear(2_000, -60);
    hear(60_000, ...TALK);
    expect(saidAtMs).toHaveLength(1);
  });

  it('is said again after a second of quiet, but not within ten seconds', () => {
    hear(2_000, -60);
    hear(1_000, ...TALK);
    const [first = NaN] = saidAtMs;
    hear(1_100, -60);
    hear(3_000, ...TALK);
    hear(1_100, -60);
    expect(saidAtMs).toHaveLength(1);
    hear(8_000, ...TALK);
    expect(saidAtMs).toHaveLength(2);
    expect(saidAtMs[1]).toBeGreaterThanOrEqual(first + 10_000);
  });

  it('is found in a loud room too, once its noise is known', () => {
    hear(2_000, -40, -41, -39);
    expect(saidAtMs).toEqual([]);
    hear(400, -22);
    expect(saidAtMs).toHaveLength(1);
  });

  it('is found where noise suppression leaves nothing between the words', () => {
    hear(2_000, -100);
    hear(1_000, -30, -28, -100, -26);
    expect(saidAtMs).toHaveLength(1);
  });

  it.each([-70, -60, -50, -40])(
    'of a voice is found within half a second, over noise of %d dBFS, however the meter cuts it',
    (noiseDbfs) => {
      const samples = noisySpeech({ durationMs: 3 * STRETCH_MS, noiseDbfs });
      const stepFrames = (STEP_MS * SAMPLE_RATE_HZ) / 1000;
      for (let offset = 0; offset < stepFrames; offset += stepFrames / 10) {
        voice = new VoiceActivity(() => saidAtMs.push(atMs));
        saidAtMs = [];
        atMs = 0;
        // It begins with talk; the pause that follows is two seconds of the room.
        const from = (STRETCH_MS * SAMPLE_RATE_HZ) / 1000 + offset;
        for (let at = from; at + stepFrames <= samples.length; at += stepFrames) {
          const power =
            samples.subarray(at, at + stepFrames).reduce((sum, one) => sum + one * one, 0) / stepFrames;
          atMs += STEP_MS;
          voice.hear(toDbfs(power), atMs);
        }
        const begunAtMs = STRETCH_MS - (1000 * offset) / SAMPLE_RATE_HZ;
        expect(saidAtMs).toHaveLength(1);
        expect(saidAtMs[0]).toBeGreaterThan(begunAtMs);
        expect(saidAtMs[0]).toBeLessThanOrEqual(begunAtMs + 500);
      }
    },
  );

  it('is found when it began before', () => {
    hear(6_000, ...TALK);
    expect(saidAtMs).toHaveLength(1);
  });
});

describe('no talk', () => {
  it.each([
    ['silence', [-100]],
    ['steady noise', [-35, -36, -34]],
    ['a loud tone', [-9]],
    ['quiet talk of somebody else', [-75, -58, -54, -70]],
  ])('is %s', (_, dbfs) => {
    hear(60_000, ...dbfs);
    expect(saidAtMs).toEqual([]);
  });

  it('is a knock, a click or a cough now and then', () => {
    hear(2_000, -60);
    for (let knock = 0; knock < 20; knock += 1) {
      hear(200, -15);
      hear(1_000, -60);
    }
    expect(saidAtMs).toEqual([]);
  });

  // A key is heard for about 20 ms, at any point of a level.
  it.each(
    [1, 2, 3].flatMap((keysPerSecond) => [100, 104, 113].map((stepMs) => [keysPerSecond, stepMs] as const)),
  )('is typing, %d keys a second, with levels of %d ms', (keysPerSecond, stepMs) => {
    const keyMs = 1_000 / keysPerSecond;
    for (let phaseMs = 0; phaseMs < stepMs; phaseMs += 5) {
      voice.reset();
      for (let fromMs = 0; fromMs < 30_000; fromMs += stepMs) {
        const sinceMs = fromMs + phaseMs;
        const lastKeyMs = Math.floor((sinceMs + stepMs) / keyMs) * keyMs;
        const heardMs = [lastKeyMs - keyMs, lastKeyMs]
          .map((atKeyMs) => Math.min(sinceMs + stepMs, atKeyMs + 20) - Math.max(sinceMs, atKeyMs))
          .reduce((sum, ms) => sum + Math.max(0, ms), 0);
        const isTyping = fromMs > 2_000;
        const power = 10 ** -6.2 + (isTyping ? (heardMs / stepMs) * 10 ** -3.5 : 0);
        voice.hear(10 * Math.log10(power), (atMs += stepMs));
      }
    }
    expect(saidAtMs).toEqual([]);
  });

  // A click that is heard in two levels, which a thread that wakes late, or a context at another rate, makes longer.
  it.each([100, 104, 113, 150, 209, 250])('is a knock now and then, with levels of %d ms', (stepMs) => {
    const hearEach = (...dbfs: number[]) => {
      for (const levelDbfs of dbfs) voice.hear(levelDbfs, (atMs += stepMs));
    };
    const quiet = Array.from({ length: 9 }, () => -62);
    hearEach(...quiet, ...quiet);
    for (let knock = 0; knock < 50; knock += 1) hearEach(-42, -42, ...quiet);
    expect(saidAtMs).toEqual([]);
  });

  it('is typing in bursts, as people do', () => {
    hear(2_000, -62);
    for (let word = 0; word < 100; word += 1) {
      hear(700, -42, -45, -62, -40, -62, -44, -62);
      hear(400, -62);
    }
    expect(saidAtMs).toEqual([]);
  });

  it('is noise that grows slowly', () => {
    for (let dbfs = -60; dbfs < -30; dbfs += 0.1) hear(100, dbfs);
    expect(saidAtMs).toEqual([]);
  });

  it('is what a microphone gives while it opens: silence, and a period that is half of it', () => {
    hear(300, -100);
    hear(100, -58);
    hear(5_000, -44, -45);
    expect(saidAtMs).toEqual([]);
  });
});

describe('another microphone', () => {
  it('has noise of its own', () => {
    hear(2_000, -80);
    voice.reset();
    hear(5_000, -40, -41);
    expect(saidAtMs).toEqual([]);
    hear(400, -20);
    expect(saidAtMs).toHaveLength(1);
  });

  it('does not bring the ten seconds forward', () => {
    hear(2_000, -60);
    hear(400, -25);
    voice.reset();
    hear(1_000, -60);
    hear(1_000, -25, -30);
    expect(saidAtMs).toHaveLength(1);
  });

  it('does not count the time in which nothing was measured', () => {
    hear(2_000, -60);
    hear(100, -25);
    atMs += 60_000;
    hear(100, -60);
    expect(saidAtMs).toEqual([]);
  });
});

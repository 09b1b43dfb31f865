import { SILENCE_DBFS } from './to-dbfs';

/** Above the noise: ITU-T P.56 takes 15.9 dB between speech and what is not; single tenths of a second vary more. */
const MARGIN_DB = 12;
/** Whatever the noise: what is quieter at a microphone with gain control is somebody else's talk. */
const QUIETEST_VOICE_DBFS = -50;
/** Steady noise becomes the floor within seconds; the gaps between words, which are shorter, bring it back down. */
const FLOOR_RISE_DB_PER_S = 2;
/** What knocks or clicks is shorter. */
const VOICE_MS = 300;
/**
 * A gap takes this many times its length off the voice before it. Keys that are typed, up to three a second, leave at least
 * one gap for each two tenths of a second in which they are heard; talk goes on for longer (a talkspurt lasts 1 s on
 * average: ITU-T P.59).
 */
const GAP_WEIGHT = 2;
/** Pauses between words and for breath are shorter; a longer one ends the stretch. */
const PAUSE_MS = 1_000;
const REPEAT_MS = 10_000;
/**
 * What one level counts at most, however late it comes. A click can be in two of them, and is not talk for that; nor where
 * the context's rate or a thread that woke late makes them longer.
 */
const LONGEST_VOICE_STEP_MS = 110;
/** Between two levels; a longer one is a pause of the meter, in which nothing is known. */
const LONGEST_STEP_MS = 250;
/** What a track that was just opened gives at first is no noise floor: nothing, half a period, a filter that settles. */
const SETTLING_MS = 300;
/** A microphone that is silent for longer is silent: noise suppression leaves nothing of a quiet room. */
const LONGEST_SILENT_START_MS = 1_000;

/**
 * Finds talk in levels: by how far they rise above a noise floor that follows the quietest of them. Steady sound of any
 * level is noise. Says so once for each stretch of talk, and not again within 10 s.
 */
export class VoiceActivity {
  readonly #onVoice: () => void;
  #floorDbfs: number | undefined;
  #atMs: number | undefined;
  #openMs = 0;
  #settlingMs = SETTLING_MS;
  #voiceMs = 0;
  #pauseMs = 0;
  #isSaid = false;
  #saidAtMs = -Infinity;

  constructor(onVoice: () => void) {
    this.#onVoice = onVoice;
  }

  /** @param atMs of a monotonic clock, when the level was measured */
  hear(levelDbfs: number, atMs: number): void {
    const stepMs = Math.min(atMs - (this.#atMs ?? atMs), LONGEST_STEP_MS);
    this.#atMs = atMs;
    if (this.#settlingMs > 0) this.#settle(levelDbfs, stepMs);
    else if (this.#isVoice(levelDbfs, stepMs)) this.#hearVoice(stepMs, atMs);
    else this.#hearPause(stepMs);
  }

  /** Another microphone, or the same one later: its noise is not known. When talk was said last still counts. */
  reset(): void {
    this.#floorDbfs = undefined;
    this.#atMs = undefined;
    this.#openMs = 0;
    this.#settlingMs = SETTLING_MS;
    this.#endStretch();
  }

  #settle(levelDbfs: number, stepMs: number): void {
    this.#openMs += stepMs;
    const isStarting = levelDbfs <= SILENCE_DBFS && this.#openMs < LONGEST_SILENT_START_MS;
    this.#settlingMs = isStarting ? SETTLING_MS : this.#settlingMs - stepMs;
  }

  #isVoice(levelDbfs: number, stepMs: number): boolean {
    const risenDbfs = (this.#floorDbfs ?? levelDbfs) + (FLOOR_RISE_DB_PER_S * stepMs) / 1000;
    this.#floorDbfs = Math.min(levelDbfs, risenDbfs);
    return levelDbfs >= Math.max(this.#floorDbfs + MARGIN_DB, QUIETEST_VOICE_DBFS);
  }

  #hearVoice(stepMs: number, atMs: number): void {
    this.#pauseMs = 0;
    this.#voiceMs += Math.min(stepMs, LONGEST_VOICE_STEP_MS);
    if (this.#voiceMs < VOICE_MS || this.#isSaid || atMs - this.#saidAtMs < REPEAT_MS) return;
    this.#isSaid = true;
    this.#saidAtMs = atMs;
    this.#onVoice();
  }

  #hearPause(stepMs: number): void {
    this.#pauseMs += stepMs;
    this.#voiceMs = Math.max(0, this.#voiceMs - GAP_WEIGHT * stepMs);
    if (this.#pauseMs >= PAUSE_MS) this.#endStretch();
  }

  #endStretch(): void {
    this.#voiceMs = 0;
    this.#isSaid = false;
  }
}

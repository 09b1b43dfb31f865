import { DomTarget, domEvent } from '../wire/dom-target';
import { afterDelay } from '../wire/next-task';

/** What decides whether digits can be sent now (WebRTC section 7, "determine if DTMF can be sent"). */
export interface DtmfConditions {
  connected(): boolean;
  stopped(): boolean;
  hasTrack(): boolean;
  sends(): boolean;
  telephoneEventNegotiated(): boolean;
}

// WebRTC section 7.2: limits of duration and gap, and the pause that a comma makes, in milliseconds.
const MIN_DURATION_MS = 40;
const MAX_DURATION_MS = 6000;
const MIN_GAP_MS = 30;
const MAX_GAP_MS = 6000;
const COMMA_MS = 2000;

function within(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** RTCDTMFSender, timed on the clock that tests control. */
export class FakeDtmfSender extends DomTarget {
  ontonechange: ((event: Event) => void) | null = null;
  /** Every tone that left, in order. */
  readonly played: { readonly tone: string; readonly durationMs: number; readonly gapMs: number }[] = [];
  readonly #conditions: DtmfConditions;
  #toneBuffer = '';
  #durationMs = 100;
  #gapMs = 70;
  #cancel: (() => void) | undefined;

  constructor(conditions: DtmfConditions) {
    super();
    this.#conditions = conditions;
  }

  get toneBuffer(): string {
    return this.#toneBuffer;
  }

  get canInsertDTMF(): boolean {
    const is = this.#conditions;
    return is.connected() && !is.stopped() && is.hasTrack() && is.sends() && is.telephoneEventNegotiated();
  }

  insertDTMF(tones: string, duration = 100, interToneGap = 70): void {
    if (!this.canInsertDTMF) throw new DOMException('DTMF cannot be sent now', 'InvalidStateError');
    const upper = tones.toUpperCase();
    if (/[^0-9A-D#*,]/.test(upper)) throw new DOMException(`Not a tone in ${tones}`, 'InvalidCharacterError');
    this.#toneBuffer = upper;
    this.#durationMs = within(duration, MIN_DURATION_MS, MAX_DURATION_MS);
    this.#gapMs = within(interToneGap, MIN_GAP_MS, MAX_GAP_MS);
    if (upper !== '') this.#cancel ??= afterDelay(0, this.#playNext);
  }

  readonly #playNext = (): void => {
    this.#cancel = undefined;
    if (this.#conditions.stopped() || !this.#conditions.sends()) return;
    const tone = this.#toneBuffer.slice(0, 1);
    this.#toneBuffer = this.#toneBuffer.slice(1);
    if (tone !== '') {
      if (tone !== ',') this.played.push({ tone, durationMs: this.#durationMs, gapMs: this.#gapMs });
      this.#cancel = afterDelay(tone === ',' ? COMMA_MS : this.#durationMs + this.#gapMs, this.#playNext);
    }
    this.dispatchEvent(domEvent('tonechange', { tone }));
  };

  /** Called when the transceiver stops. */
  dispose(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

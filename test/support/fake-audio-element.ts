import { DomTarget } from './wire/dom-target';

/** What the elements of one fake browser share. */
export interface PlaybackRules {
  /** Whether play() is allowed without a gesture. */
  autoplayAllowed: boolean;
  /** Sources that are not played even so: those of another tab, without a gesture there. */
  readonly blockedUrls: ReadonlySet<string>;
  /** Leaves play() unanswered until `settlePlay()`, as while a file is loading. */
  holdPlay: boolean;
  /** Leaves setSinkId() unanswered until `settleOutput()`. */
  holdOutput: boolean;
  /** URLs that cannot be loaded. */
  readonly brokenUrls: Set<string>;
  hasOutput(deviceId: string): boolean;
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** An audio element as HTML has it, as far as play(), pause() and their promises go. Without setSinkId. */
export class FakeAudioElement extends DomTarget {
  autoplay = false;
  loop = false;
  volume = 1;
  muted = false;
  currentTime = 0;
  paused = true;
  /** Played to its end. */
  ended = false;
  preload = 'metadata';
  error: { readonly code: number; readonly message: string } | null = null;
  /** How often play() was called. */
  plays = 0;
  /** How often a source was (re)loaded. */
  loads = 0;
  protected readonly rules: PlaybackRules;
  #src = '';
  #srcObject: unknown = null;
  #pendingPlays: Pending[] = [];

  constructor(rules: PlaybackRules) {
    super();
    this.rules = rules;
  }

  get src(): string {
    return this.#src;
  }

  set src(url: string) {
    this.#src = url;
    this.load();
  }

  get srcObject(): unknown {
    return this.#srcObject;
  }

  set srcObject(stream: unknown) {
    this.#srcObject = stream;
    this.load();
  }

  get hasSource(): boolean {
    return this.#src !== '' || this.#srcObject !== null;
  }

  get isAudible(): boolean {
    return !this.paused && this.hasSource && this.#pendingPlays.length === 0;
  }

  hasAttribute(name: string): boolean {
    return name === 'src' && this.#src !== '';
  }

  removeAttribute(name: string): void {
    if (name === 'src') this.#src = '';
  }

  /** The load algorithm: pauses, and ends pending plays with AbortError. */
  load(): void {
    this.loads += 1;
    this.error = null;
    this.ended = false;
    this.currentTime = 0;
    this.paused = true;
    this.#abortPlays('interrupted by a new load request');
  }

  play(): Promise<void> {
    this.plays += 1;
    if (!this.rules.autoplayAllowed || this.rules.blockedUrls.has(this.#src)) {
      return Promise.reject(new DOMException('the user has not interacted', 'NotAllowedError'));
    }
    if (this.error || this.rules.brokenUrls.has(this.#src)) return this.#refuseSource();
    this.paused = false;
    this.ended = false;
    if (!this.rules.holdPlay) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#pendingPlays.push({ resolve, reject });
    });
  }

  pause(): void {
    // HTML, the internal pause steps: the event is a task of its own.
    if (!this.paused)
      queueMicrotask(() => {
        this.dispatchEvent(new Event('pause'));
      });
    this.paused = true;
    this.#abortPlays('interrupted by a call to pause()');
  }

  /** Enough is loaded: the pending plays begin. */
  settlePlay(): void {
    for (const pending of this.#pendingPlays.splice(0)) pending.resolve();
  }

  /** It has been played to its end, as HTML has it for one without `loop`. */
  end(): void {
    this.ended = true;
    this.pause();
  }

  /** Its output fails: Chromium ends the element with an error, and the sound with it. */
  failOutput(): void {
    this.error = { code: 3, message: 'audio render error' };
    this.paused = true;
    this.#abortPlays('the output failed');
    this.dispatchEvent(new Event('error'));
  }

  /** Loading breaks off, as when the network goes. */
  breakOff(): void {
    this.error = { code: 2, message: 'network' };
    for (const pending of this.#pendingPlays.splice(0)) {
      pending.reject(new DOMException('no supported source', 'NotSupportedError'));
    }
    this.dispatchEvent(new Event('error'));
  }

  #refuseSource(): Promise<void> {
    this.error = { code: 4, message: 'no supported source' };
    queueMicrotask(() => {
      this.dispatchEvent(new Event('error'));
    });
    return Promise.reject(new DOMException('no supported source', 'NotSupportedError'));
  }

  #abortPlays(message: string): void {
    for (const pending of this.#pendingPlays.splice(0)) {
      pending.reject(new DOMException(message, 'AbortError'));
    }
  }
}

/** The same in a browser that can choose the output (Audio Output Devices API). */
export class FakeAudioElementWithOutput extends FakeAudioElement {
  sinkId = '';
  /** The ids that setSinkId() was called with, in order. */
  readonly sinkRequests: string[] = [];
  readonly #pendingOutputs: (() => void)[] = [];

  setSinkId(deviceId: string): Promise<void> {
    this.sinkRequests.push(deviceId);
    if (deviceId !== '' && !this.rules.hasOutput(deviceId)) {
      return Promise.reject(new DOMException('no such output', 'NotFoundError'));
    }
    const settle = () => {
      this.sinkId = deviceId;
    };
    if (!this.rules.holdOutput) return Promise.resolve().then(settle);
    return new Promise((resolve) => {
      this.#pendingOutputs.push(() => {
        settle();
        resolve();
      });
    });
  }

  /** The outputs asked for are open now. */
  settleOutput(): void {
    for (const settle of this.#pendingOutputs.splice(0)) settle();
  }
}

import { backoffDelayMs } from '../core/backoff';
import { monotonicMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { delay } from '../core/deadline';
import { TypedEmitter } from '../core/emitter';
import { packetsReceived } from '../quality/packets';

export type MediaPathEvents = {
  /** Nothing gets through any more; a new path is being made. */
  broken: [];
  /** Audio gets through again. */
  restored: [];
  /** Nothing has been heard for a while, and nothing says that the path is broken. */
  silent: [];
  /** Several new paths came to nothing; more are tried. */
  hopeless: [];
  /** New paths came to nothing for a minute, with nothing that says why the next one should not. */
  lost: [];
};

export interface MediaPathOptions {
  readonly connection: RTCPeerConnection;
  /** Whether the far end ought to send audio now: neither side holds the call. */
  readonly expectsAudio: () => boolean;
  /** Whether requests can be sent. */
  readonly isOnline: () => boolean;
  /** Resolves when requests can be sent. */
  readonly online: () => Promise<void>;
  /** Renegotiates with new ICE credentials; resolves when the far end has agreed. */
  readonly restart: () => Promise<void>;
  /** Aborts when the call ends. */
  readonly signal: AbortSignal;
}

/** How often packets are counted: while something has happened to the network, and otherwise. */
const WATCHFUL_STEP_MS = 500;
const CALM_STEP_MS = 2_000;
/** How long a hint counts. */
const WATCHFUL_MS = 15_000;
/** A packet is due every 20 to 60 ms, with discontinuous transmission of Opus every 400 ms (RFC 7587 section 3.1.3). */
const STALLED_AFTER_MS = 900;
const SILENT_AFTER_MS = 4_000;
/** A far end that was silent this long before something happened to the network says nothing by being silent still. */
const QUIET_LOOKS = 3;
/** A far end that has fallen silent and come back this often does so: silence suppression, or a phone that mutes so. */
const PAUSES = 2;
/** Far ends that suppress silence are asked no more often than this. */
const SILENT_AGAIN_MS = 20_000;
/** Consent checks (RFC 7675) come every 5 s and one may be lost; browsers recover by themselves from less. */
const DISCONNECTED_FOR_MS = 2_000;

/** From the far end's answer on: connectivity checks and, after a change of the far end, a DTLS handshake. */
const SETTLE_MS = 2_500;
const RETRY = { firstMs: 1_000, capMs: 10_000 };
const HOPELESS_AFTER = 4;
// Not from a standard: as long as a call that rings is believed in without a server. Only waiting for new paths counts.
const LOST_AFTER_MS = 60_000;
/** Checks that succeed with nothing to hear: a far end that is silent, not a path that is broken. */
const BELIEVED_AFTER = 2;

/**
 * Watches the media path of one call and has a new one made (ICE restart, RFC 8445 section 9) when it breaks. Owns
 * the retry of that.
 */
export class MediaPath extends TypedEmitter<MediaPathEvents> {
  readonly #options: MediaPathOptions;
  #packets: number | undefined;
  #heardAtMs = monotonicMs();
  #hintedAtMs = -Infinity;
  /** Calm looks in a row that found nothing new. */
  #quietLooks = 0;
  /** How often the far end has fallen silent and come back while nothing was done about it. */
  #pauses = 0;
  #silentAtMs = -Infinity;
  #timer: TimerHandle | undefined;
  #disconnected: TimerHandle | undefined;
  #isBroken = false;
  /** Packets that came before the path broke, and were not counted yet, are no proof that it is back. */
  #isJustBroken = false;
  #isReading = false;
  #isRepairing = false;
  /** How long new paths were waited for since the last one broke or the network was last heard of. */
  #inVainMs = 0;
  #wake: () => void = () => undefined;

  constructor(options: MediaPathOptions) {
    super();
    this.#options = options;
    const { connection, signal } = options;
    const onState = () => {
      this.#onConnectionState();
    };
    connection.addEventListener('connectionstatechange', onState);
    signal.addEventListener('abort', () => {
      connection.removeEventListener('connectionstatechange', onState);
      stopTimer(this.#timer);
      stopTimer(this.#disconnected);
      this.removeAllListeners();
    });
    this.#schedule();
  }

  /** Whether a new path is being made. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether nothing is heard of the far end now. */
  get isSilent(): boolean {
    const { connection, expectsAudio } = this.#options;
    if (connection.connectionState !== 'connected') return true;
    return expectsAudio() && this.#packets !== undefined && this.#quietForMs >= SILENT_AFTER_MS;
  }

  /** How long ago the last packet came; infinite when none ever did. */
  get heardAgoMs(): number {
    return this.#packets ? this.#quietForMs : Infinity;
  }

  /** The network may have changed: look closely for a while. */
  hint(): void {
    this.#hintedAtMs = monotonicMs();
    this.#inVainMs = 0;
    if (this.#options.connection.connectionState === 'disconnected') this.#break();
    this.#look();
  }

  get #isWatchful(): boolean {
    return this.#isBroken || monotonicMs() < this.#hintedAtMs + WATCHFUL_MS;
  }

  /** Whether packets came until just now, so that their absence says something of the path. */
  get #isTalkative(): boolean {
    return Boolean(this.#packets) && this.#quietLooks < QUIET_LOOKS && this.#pauses < PAUSES;
  }

  get #quietForMs(): number {
    return monotonicMs() - this.#heardAtMs;
  }

  #schedule(): void {
    stopTimer(this.#timer);
    if (this.#options.signal.aborted) return;
    this.#timer = startTimer(this.#isWatchful ? WATCHFUL_STEP_MS : CALM_STEP_MS, () => {
      this.#look();
    });
  }

  #look(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    packetsReceived(this.#options.connection)
      .then(
        (packets) => {
          this.#judge(packets);
        },
        // Closed under it.
        () => undefined,
      )
      .finally(() => {
        this.#isReading = false;
        this.#schedule();
      });
  }

  #judge(packets: number | undefined): void {
    const { expectsAudio, signal } = this.#options;
    if (signal.aborted) return;
    const isFirst = this.#packets === undefined || this.#isJustBroken;
    this.#isJustBroken = false;
    const isHeard = packets !== this.#packets;
    this.#packets = packets;
    if (isHeard && this.#quietLooks > 0 && !this.#isBroken) this.#pauses += 1;
    if (isHeard || !expectsAudio()) {
      this.#heardAtMs = monotonicMs();
      this.#quietLooks = 0;
    } else if (!this.#isWatchful) this.#quietLooks += 1;
    if (isHeard && !isFirst) this.#mend();
    if (packets === undefined || this.#isBroken) return;
    if (this.#isWatchful && this.#isTalkative && this.#quietForMs >= STALLED_AFTER_MS) this.#break();
    else if (this.#quietForMs >= SILENT_AFTER_MS && monotonicMs() - this.#silentAtMs >= SILENT_AGAIN_MS) {
      this.#silentAtMs = monotonicMs();
      this.emit('silent');
    }
  }

  #onConnectionState(): void {
    stopTimer(this.#disconnected);
    switch (this.#options.connection.connectionState) {
      case 'connected':
        // Otherwise a packet is the proof: a path that was lost unseen is still called connected.
        if (!this.#options.expectsAudio() || this.#packets === undefined) this.#mend();
        break;
      case 'disconnected':
        this.#disconnected = startTimer(this.#isWatchful ? 0 : DISCONNECTED_FOR_MS, () => {
          this.#break();
        });
        break;
      case 'failed':
        this.#break();
        break;
      default:
    }
  }

  #mend(): void {
    if (!this.#isBroken) return;
    this.#isBroken = false;
    this.#heardAtMs = monotonicMs();
    this.#wake();
    this.emit('restored');
  }

  #break(): void {
    if (this.#isBroken || this.#options.signal.aborted) return;
    this.#isBroken = true;
    this.#isJustBroken = true;
    this.#inVainMs = 0;
    this.#schedule();
    this.emit('broken');
    if (this.#isRepairing) return;
    this.#isRepairing = true;
    // Rejects when the call ends.
    this.#repair()
      .catch(() => undefined)
      .finally(() => {
        this.#isRepairing = false;
      });
  }

  #needsRepair(): boolean {
    return this.#isBroken;
  }

  async #repair(): Promise<void> {
    const { connection, isOnline, online, restart, signal } = this.#options;
    for (let attempt = 1; this.#needsRepair(); attempt += 1) {
      await online();
      // It may have come back meanwhile.
      if (!this.#needsRepair()) return;
      // Refused, or the signalling was lost: there is a next time, the first one at once.
      const isAnswered = await restart().then(
        () => true,
        () => false,
      );
      if (!isAnswered && attempt === 1) continue;
      const waitedFromMs = monotonicMs();
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        delay(SETTLE_MS + backoffDelayMs(attempt, RETRY), signal),
      ]);
      // What went before the latest hint says nothing of the network as it is now.
      if (isOnline()) this.#inVainMs += monotonicMs() - Math.max(waitedFromMs, this.#hintedAtMs);
      if (attempt >= BELIEVED_AFTER && connection.connectionState === 'connected') this.#mend();
      if (attempt === HOPELESS_AFTER && this.#needsRepair()) this.emit('hopeless');
      if (this.#inVainMs >= LOST_AFTER_MS && this.#needsRepair()) this.emit('lost');
    }
  }
}

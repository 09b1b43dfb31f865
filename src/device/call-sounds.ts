import { isOver } from '../call/call-state';
import type { LiveCall } from '../call/live-call';
import { voiceError } from '../core/errors';
import type { Ringtone } from '../media/ringtone';
import type { SoundContext } from '../media/sounds/sound';
import { checkSounds, type SoundOptions } from '../media/sounds/sound-options';
import type { SipSession } from '../sip/session';
import type { SoundStage } from './sound-stage';

export interface CallSoundsOptions extends SoundContext {
  readonly settings: SoundOptions;
  readonly ringtoneUrl: string | undefined;
  readonly ringtone: Ringtone;
  /** The Device's preference. */
  readonly outputDeviceId: () => string;
  /** The ringtone is to sound, here or where {@link CallSounds.overrideRinging} has it, or no longer. */
  readonly onRinging: (isRinging: boolean) => void;
}

/**
 * What an agent hears beside the far end. A ringtone of the page's own is at hand at once; tones, and what decides when
 * they sound, are loaded when a call can need them.
 */
export class CallSounds {
  readonly #options: CallSoundsOptions;
  readonly #live = new Map<LiveCall, SipSession>();
  readonly #alerting = new Set<LiveCall>();
  #settings: SoundOptions;
  #stage: SoundStage | undefined;
  #isLoading = false;
  /** The ringtone of this ringing cannot be played. */
  #isStandIn = false;
  #isRinging = false;
  #override: boolean | undefined;
  #isDisposed = false;

  constructor(options: CallSoundsOptions) {
    this.#options = options;
    this.#settings = options.settings;
    options.ringtone.on('failed', () => {
      // The ringer, too: there is nothing left to try.
      if (this.#isStandIn) return;
      this.#isStandIn = true;
      this.prepare();
      this.#ring();
    });
  }

  /** Loads the sounds, so that they are here before a call is. What could not be loaded is tried again. */
  prepare(): void {
    this.#loadRingtone();
    const settings = this.#effective;
    const isNeeded = this.#isStandIn || settings.ringtone === true || NEEDED.some((name) => settings[name]);
    if (this.#stage || this.#isLoading || this.#isDisposed || !isNeeded) return;
    this.#isLoading = true;
    import('./sound-stage')
      .then(({ SoundStage }) => {
        if (this.#isDisposed) return;
        this.#stage = new SoundStage(this.#options, this.#effective);
        this.followOutput();
        for (const [call, session] of this.#live) this.#stage.add(call, session);
        this.#ring();
        this.#loadRingtone();
      })
      .catch((error: unknown) => {
        this.#options.logger.warn('the sounds of calls could not be loaded', error);
      })
      .finally(() => {
        this.#isLoading = false;
      });
  }

  /** A call begins. */
  add(call: LiveCall, session: SipSession): void {
    this.#live.set(call, session);
    session.once('ended', () => {
      this.#live.delete(call);
      this.#ring();
    });
    this.prepare();
    // One that was unplugged has been replaced meanwhile, or has returned.
    this.followOutput();
    this.#stage?.add(call, session);
    // An inbound one says for itself when it rings.
    if (call.direction === 'outbound') this.#ring();
  }

  /** Whether an inbound call rings, and has not been answered yet. */
  setAlerting(call: LiveCall, isAlerting: boolean): void {
    if (isAlerting) this.#alerting.add(call);
    else this.#alerting.delete(call);
    this.#ring();
  }

  /** Rings without a call of its own (true) or not in spite of one (false), as several tabs agree; undefined ends it. */
  overrideRinging(rings: boolean | undefined): void {
    this.#override = rings;
    if (rings) this.prepare();
    this.#ring();
  }

  /** Whether there is anything to ring with. */
  get hasRingtone(): boolean {
    const { ringtone } = this.#settings;
    return ringtone === undefined ? this.#options.ringtoneUrl !== undefined : ringtone !== false;
  }

  /** A digit is being sent. */
  playDigit(digit: string): void {
    this.#stage?.playDigit(digit);
  }

  /** Follows the Device's preference; what cannot follow plays on. */
  followOutput(): void {
    this.#stage?.setOutputDevice(this.#options.outputDeviceId());
  }

  /** @throws VoiceSDKError `INVALID_ARGUMENT`, `DESTROYED` */
  set(sounds: SoundOptions): void {
    if (this.#isDisposed) throw voiceError('DESTROYED');
    this.#settings = { ...this.#settings, ...checkSounds(sounds) };
    this.#stage?.configure(this.#effective);
    this.prepare();
    this.#ring();
  }

  /** To be called in a gesture. @throws VoiceSDKError `AUDIO_BLOCKED`, `DESTROYED` */
  async unlock(): Promise<void> {
    if (this.#isDisposed) throw voiceError('DESTROYED');
    this.#options.ringtone.setUrl(this.#ringtoneUrl);
    // The ringer may not be made yet: it will be heard from the element that is primed now.
    if (this.hasRingtone) this.#options.ringtone.prime();
    await this.#options.autoplay.unlock();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#stage?.dispose();
    this.#stage = undefined;
  }

  get #effective(): SoundOptions {
    const { callWaiting = this.hasRingtone, ringback = true, busy = true } = this.#settings;
    return { ...this.#settings, ringback, busy, callWaiting };
  }

  get #ringtoneUrl(): string | undefined {
    const { ringtone } = this.#settings;
    if (ringtone === false) return undefined;
    const url = typeof ringtone === 'string' ? ringtone : this.#options.ringtoneUrl;
    return url === undefined || this.#isStandIn ? this.#ringerUrl : url;
  }

  get #ringerUrl(): string | undefined {
    return this.#settings.ringtone === true || this.#isStandIn ? this.#stage?.ringerUrl() : undefined;
  }

  /** What rings is left alone: it has what it needs, and a file that comes late must not break into the ringer. */
  #loadRingtone(): void {
    if (this.#isDisposed || this.#isStandIn) return;
    const { ringtone } = this.#options;
    ringtone.setUrl(this.#ringtoneUrl);
    ringtone.load();
  }

  #ring(): void {
    if (this.#isDisposed) return;
    const { ringtone, onRinging } = this.#options;
    const isAlerting = this.#alerting.size > 0;
    const isEngaged = [...this.#live.keys()].some(
      (call) => !this.#alerting.has(call) && !isOver(call.getStatus()),
    );
    const isRinging = isAlerting && !isEngaged;
    const isHere = this.#override ?? isRinging;
    if (isHere) {
      ringtone.setUrl(this.#ringtoneUrl);
      ringtone.start();
    } else ringtone.stop();
    // What failed may be there for the next call.
    if (!isAlerting && !isHere && this.#isStandIn) {
      this.#isStandIn = false;
      this.#loadRingtone();
    }
    this.#stage?.setWaiting(isAlerting && isEngaged);
    if (isRinging === this.#isRinging) return;
    this.#isRinging = isRinging;
    onRinging(isRinging);
  }
}

/** The sounds that are not loaded before they are wanted. */
const NEEDED = ['ringback', 'busy', 'callWaiting', 'hangUp', 'digits'] as const;

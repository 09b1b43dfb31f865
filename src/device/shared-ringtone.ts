import { wasInteractedWith } from '../media/user-activation';
import { SilenceWatch } from '../tabs/heartbeat';
import type { LocalPhone } from './line';
import type { SharedView } from './shared-protocol';

type RingtoneFacts = Pick<SharedView, 'isRingtoneBlocked' | 'ringer'>;

export interface SharedRingtoneOptions {
  readonly tabId: string;
  readonly local: LocalPhone;
  /** Tells the other tabs what this one, which leads, knows. */
  readonly tell: () => void;
  /** Asks the tab that leads to ring here instead, or to take that back. */
  readonly ask: (method: 'ring' | 'ringBlocked') => void;
}

/**
 * One ringtone for all tabs. It sounds in the leader; where the browser blocks it there, in the first tab that offers
 * itself because the agent has interacted with it. The leader silences its own before it names that tab as the ringer,
 * and who rings is whom its newest view names: never two. The ringer repeats its offer at every view, so that one that
 * is gone without a word is missed.
 */
export class SharedRingtone {
  readonly #options: SharedRingtoneOptions;
  readonly #silence: SilenceWatch;
  #isLeading = false;
  /** In the tab that leads: what its own browser says. Elsewhere: what this tab's listeners were told. */
  #isBlocked = false;
  #ringer: string | undefined;
  /** The browser blocked the ringing here as well: not before the next gesture again. */
  #isUnfit = false;

  constructor(options: SharedRingtoneOptions) {
    this.#options = options;
    this.#silence = new SilenceWatch({
      ask: options.tell,
      onSilent: () => {
        this.#reset();
      },
    });
    options.local.calls.on('ringing', (isRinging) => {
      // The next call is for the leader again.
      if (!isRinging && this.#isLeading) this.#reset();
    });
  }

  /** For the view of the tab that leads. */
  get facts(): RingtoneFacts {
    const isRingtoneBlocked = this.#isBlocked && this.#ringer === undefined;
    return this.#ringer === undefined ? { isRingtoneBlocked } : { isRingtoneBlocked, ringer: this.#ringer };
  }

  /** This tab leads from now on. */
  lead(): void {
    this.#stop();
    this.#isLeading = true;
  }

  /** No tab leads, or the one that does is not heard of. */
  abandon(): void {
    this.#isLeading = false;
    this.#stop();
  }

  /** What the tab that leads says. */
  follow({ isRingtoneBlocked = false, ringer }: RingtoneFacts, isRinging: boolean): void {
    const { tabId, local, ask } = this.#options;
    this.#isLeading = false;
    const wasBlocked = this.#isBlocked;
    this.#isBlocked = isRingtoneBlocked;
    this.#ring(ringer === tabId);
    if (this.#ringer !== undefined) ask('ring');
    if (isRingtoneBlocked === wasBlocked) return;
    if (isRingtoneBlocked) {
      if (local.calls.sounds.hasRingtone) {
        if (wasInteractedWith() && !this.#isUnfit) ask('ring');
        local.calls.autoplay.add(this.#onGesture);
      }
      local.emit('audioBlocked');
    } else {
      local.calls.autoplay.delete(this.#onGesture);
      if (isRinging) local.emit('audioUnblocked');
    }
  }

  /** The browser blocks the ringtone of this tab. */
  blocked(): void {
    if (this.#isLeading) {
      this.#isBlocked = true;
      this.#options.tell();
      this.#options.local.emit('audioBlocked');
    } else if (this.#ringer !== undefined) {
      this.#isUnfit = true;
      this.#ring(false);
      this.#options.ask('ringBlocked');
    }
  }

  /** What was blocked in this tab is heard. */
  unblocked(): void {
    if (!this.#isLeading || !this.#isBlocked) return;
    this.#isBlocked = false;
    this.#options.tell();
    this.#options.local.emit('audioUnblocked');
  }

  /** In the tab that leads: another one can ring, or still does. */
  offered(tabId: string): void {
    if (tabId === this.#ringer) this.#silence.heard();
    if (!this.#isLeading || !this.#isBlocked || this.#ringer !== undefined) return;
    const { local, tell } = this.#options;
    local.calls.sounds.overrideRinging(false);
    this.#ringer = tabId;
    this.#silence.heard();
    tell();
    local.emit('audioUnblocked');
  }

  /** In the tab that leads: the one that was to ring cannot. */
  refused(tabId: string): void {
    if (this.#isLeading && this.#ringer === tabId) this.#reset();
  }

  dispose(): void {
    if (!this.#isLeading && this.#ringer !== undefined) this.#options.ask('ringBlocked');
    this.#silence.stop();
    this.#options.local.calls.autoplay.delete(this.#onGesture);
  }

  readonly #onGesture = (): void => {
    this.#isUnfit = false;
    this.#options.ask('ring');
  };

  /** The leader rings itself again, as far as there is a call to ring for. */
  #reset(): void {
    if (!this.#isBlocked && this.#ringer === undefined) return;
    this.#silence.stop();
    this.#isBlocked = false;
    this.#ringer = undefined;
    this.#options.tell();
    // May be blocked at once, which is news again.
    this.#options.local.calls.sounds.overrideRinging(undefined);
  }

  /** This tab, which does not lead, rings for the one that does, or no longer. */
  #ring(on: boolean): void {
    if (on === (this.#ringer !== undefined)) return;
    const { tabId, local } = this.#options;
    this.#ringer = on ? tabId : undefined;
    local.calls.sounds.overrideRinging(on ? true : undefined);
  }

  #stop(): void {
    this.#silence.stop();
    this.#isBlocked = false;
    this.#ringer = undefined;
    const { calls } = this.#options.local;
    calls.autoplay.delete(this.#onGesture);
    calls.sounds.overrideRinging(undefined);
  }
}

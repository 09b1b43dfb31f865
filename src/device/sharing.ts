import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import type { LocalPhone } from './line';
import type { SharedPhone } from './shared-phone';

export interface SharingOptions {
  /** The Device's `multiTab`. */
  readonly isWanted: boolean;
  readonly apiBaseUrl: string;
  readonly local: LocalPhone;
  readonly isDestroyed: () => boolean;
  /** This browser cannot share: each tab registers on its own. */
  readonly onUnsupported: (error: VoiceSDKError) => void;
}

/** Whether this Device is one of several tabs that share a phone, and that phone from the first `register()` on. */
export class Sharing {
  readonly #options: SharingOptions;
  #phone: SharedPhone | undefined;
  #joining: Promise<void> | undefined;
  #isAlone = false;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** The phone of all tabs; undefined before it was joined, and where this Device has one of its own. */
  get phone(): SharedPhone | undefined {
    return this.#phone;
  }

  /** As `Device.isLeader()`. */
  get isLeader(): boolean {
    return this.#phone?.isLeader ?? (!this.#options.isWanted || this.#isAlone);
  }

  /** Resolves when the tabs are joined; undefined where nobody asked for it. */
  get joining(): Promise<void> | undefined {
    return this.#joining;
  }

  /** Joins the tabs of one agent, once. @throws VoiceSDKError `DESTROYED` */
  join(userUuid: string): Promise<void> {
    return (this.#joining ??= this.#join(userUuid));
  }

  async #join(userUuid: string): Promise<void> {
    const { apiBaseUrl, local } = this.#options;
    try {
      // Loaded only where it is used: most pages have one tab.
      const { shareTabs } = await import('./share-tabs');
      this.#assertAlive();
      this.#phone = shareTabs(`${apiBaseUrl}/${userUuid}`, local);
    } catch (error) {
      this.#assertAlive();
      this.#isAlone = true;
      this.#options.onUnsupported(asVoiceError(error, 'UNSUPPORTED'));
    }
  }

  #assertAlive(): void {
    if (this.#options.isDestroyed()) throw voiceError('DESTROYED');
  }
}

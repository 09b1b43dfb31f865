import { VoiceSDKError } from '../core/errors';
import { SerialQueue } from '../core/serial-queue';

export interface HoldOptions {
  /** The re-INVITE; resolves when the far end has agreed. */
  readonly negotiate: (on: boolean) => Promise<void>;
  /** Whether requests can be sent now. */
  readonly isOnline: () => boolean;
  /** Resolves when requests can be sent. */
  readonly online: () => Promise<void>;
  /** Whether the far end may hear the microphone. */
  readonly silence: (on: boolean) => void;
  readonly onChange: (isOnHold: boolean) => void;
  /** How the call was left by the page that held it before. Default false. */
  readonly isOnHold?: boolean;
}

/**
 * Our half of hold: one request at a time, and the state is what the far end agreed to. Without signalling requests
 * wait, and only the latest wish is sent when it is back.
 */
export class Hold {
  readonly #options: HoldOptions;
  readonly #queue = new SerialQueue();
  #isOnHold: boolean;
  #wish: boolean;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#isOnHold = this.#wish = options.isOnHold ?? false;
  }

  get isOnHold(): boolean {
    return this.#isOnHold;
  }

  request(on: boolean): Promise<void> {
    this.#wish = on;
    const isQueued = !this.#options.isOnline();
    if (isQueued) this.#options.silence(on || this.#isOnHold);
    return this.#queue.run(async () => {
      const { silence } = this.#options;
      const wanted = isQueued || !this.#options.isOnline() ? await this.#latestWish() : on;
      if (this.#isOnHold === wanted) return;
      // Silent from the agent's click on, not from the far end's answer on; and heard again only after it.
      silence(true);
      const was = this.#isOnHold;
      try {
        this.#isOnHold = await this.#negotiate(wanted);
      } finally {
        silence(this.#isOnHold);
      }
      if (this.#isOnHold !== was) this.#options.onChange(this.#isOnHold);
    });
  }

  /** Returns what the far end agreed to. One that a loss interrupted is in doubt, and so said again. */
  async #negotiate(on: boolean): Promise<boolean> {
    for (let wanted = on; ; wanted = await this.#latestWish()) {
      try {
        await this.#options.negotiate(wanted);
        return wanted;
      } catch (error) {
        if (!(error instanceof VoiceSDKError && error.code === 'SIGNALING_LOST')) throw error;
      }
    }
  }

  async #latestWish(): Promise<boolean> {
    await this.#options.online();
    return this.#wish;
  }
}

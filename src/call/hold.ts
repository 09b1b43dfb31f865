import { SerialQueue } from '../core/serial-queue';

export interface HoldOptions {
  /** The re-INVITE; resolves when the far end has agreed. */
  readonly negotiate: (on: boolean) => Promise<void>;
  /** Whether the far end may hear the microphone. */
  readonly silence: (on: boolean) => void;
  readonly onChange: (isOnHold: boolean) => void;
  /** How the call was left by the page that held it before. Default false. */
  readonly isOnHold?: boolean;
}

/** Our half of hold: one request at a time, and the state is what the far end agreed to. */
export class Hold {
  readonly #options: HoldOptions;
  readonly #queue = new SerialQueue();
  #isOnHold: boolean;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#isOnHold = options.isOnHold ?? false;
  }

  get isOnHold(): boolean {
    return this.#isOnHold;
  }

  request(on: boolean): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#isOnHold === on) return;
      // Silent from the agent's click on, not from the far end's answer on; and heard again only after it.
      this.#options.silence(true);
      try {
        await this.#options.negotiate(on);
        this.#isOnHold = on;
      } finally {
        this.#options.silence(this.#isOnHold);
      }
      this.#options.onChange(on);
    });
  }
}

import type { Call } from '../call/call';
import type { Logger } from '../core/logger';
import type { Registration } from '../registration/registration';
import type { Calls } from './calls';
import type { LostCall } from './device-events';
import type { CallRecovery } from './recovery';

export interface CallKeeperOptions {
  readonly isWanted: boolean;
  /** Whether all tabs of the agent are one phone, whose calls any of them may carry on at once. */
  readonly isShared: boolean;
  /** The instance (RFC 5626 section 4.1) that the Device registers as: that of this tab, once it is taken. */
  readonly instance: { id: string };
  /** Whose calls: API and user. */
  readonly scope: () => string;
  readonly calls: Calls;
  readonly logger: Logger;
  readonly onRecovered: (call: Call) => void;
  readonly onLost: (lost: LostCall) => void;
}

/** The door to the recovery of calls, loaded where it is wanted. */
export class CallKeeper {
  readonly #options: CallKeeperOptions;
  #loading: Promise<void> | undefined;
  #recovery: CallRecovery | undefined;
  #isDisposed = false;

  constructor(options: CallKeeperOptions) {
    this.#options = options;
  }

  /** To be awaited before the first REGISTER. Never rejects: without its code calls just are not kept. */
  async prepare(registration: Registration): Promise<void> {
    if (this.#options.isWanted) await (this.#loading ??= this.#load(registration));
  }

  /** The page goes away: whether calls stay for the next one. */
  leave(): boolean {
    return this.#recovery?.leave() === true;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#recovery?.dispose();
  }

  async #load(registration: Registration): Promise<void> {
    try {
      const { CallRecovery } = await import('./recovery');
      if (this.#isDisposed) return;
      this.#recovery = new CallRecovery({ ...this.#options, scope: this.#options.scope(), registration });
      const instanceId = await this.#recovery.takePhone();
      if (!this.#options.isShared) this.#options.instance.id = instanceId;
    } catch (error) {
      this.#options.logger.warn('the recovery of calls could not be loaded', error);
    }
  }
}

import type { LiveCall } from '../call/live-call';
import { startTimer, stopTimer, type TimerHandle } from '../core/clock';
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
  readonly onRecovered: (call: LiveCall) => void;
  readonly onLost: (lost: LostCall) => void;
  /** All calls of former pages were taken up or lost, after registering. */
  readonly onSettled: () => void;
}

// The page that has just joined has more urgent things to load. Safari has no requestIdleCallback().
const PRELOAD_AFTER_MS = 2_000;

/** The door to the recovery of calls, loaded where it is wanted. */
export class CallKeeper {
  readonly #options: CallKeeperOptions;
  #loading: Promise<void> | undefined;
  #preloading: TimerHandle | undefined;
  #recovery: CallRecovery | undefined;
  #isDisposed = false;
  /** Of a Device that no other tab has told of a registration. */
  readonly #ownInstanceId: string;

  constructor(options: CallKeeperOptions) {
    this.#options = options;
    this.#ownInstanceId = options.instance.id;
  }

  /** To be awaited before the first REGISTER. Never rejects: without its code calls just are not kept. */
  async prepare(registration: Registration): Promise<void> {
    if (this.#options.isWanted) await (this.#loading ??= this.#load(registration));
  }

  /**
   * Loads the code soon, where it is wanted: the tab that has to carry a call on may be asked at a moment in which nothing
   * can be loaded, or no longer in the version of this page.
   */
  preload(): void {
    if (!this.#options.isWanted || this.#loading) return;
    this.#preloading ??= startTimer(PRELOAD_AFTER_MS, () => {
      // When it is needed, loading is tried again, and tells what fails.
      import('./recovery').catch(() => undefined);
    });
  }

  /** The page goes away: whether calls stay for the next one. */
  leave(): boolean {
    return this.#recovery?.leave() === true;
  }

  dispose(): void {
    this.#isDisposed = true;
    stopTimer(this.#preloading);
    this.#recovery?.dispose();
  }

  async #load(registration: Registration): Promise<void> {
    try {
      const load = () => import('./recovery');
      // One request that a bad network loses must not cost the call that is to be taken up.
      const { CallRecovery } = await load().catch(load);
      if (this.#isDisposed) return;
      this.#recovery = new CallRecovery({ ...this.#options, scope: this.#options.scope(), registration });
      const instanceId = await this.#recovery.takePhone();
      // The one of the tabs, where there is one, goes on; otherwise the binding of the page before is replaced.
      const { instance } = this.#options;
      if (instance.id === this.#ownInstanceId) instance.id = instanceId;
    } catch (error) {
      this.#options.logger.warn('the recovery of calls could not be loaded', error);
      this.#options.onSettled();
    }
  }
}

import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';

export type LeaderElectionEvents = {
  /** This tab leads from now on. */
  elected: [];
  /** This tab has lost the lead without having given it up: somebody stole the lock. */
  deposed: [];
  /** The page is about to be frozen or put aside; the lead is given up when the listeners have run. */
  suspending: [];
  /** The page is back and stands for election again. */
  resumed: [];
};

/** Whether this browser and this page (a secure context) have what several tabs need to share one phone. */
export function canShareTabs(): boolean {
  // Absent on a server and in old browsers, whatever the types say.
  const { navigator } = globalThis as { navigator?: Partial<Navigator> };
  return typeof navigator?.locks?.request === 'function' && typeof BroadcastChannel === 'function';
}

/**
 * One leader among the tabs of a name, by a Web Lock (W3C Web Locks API): the browser hands it on in the moment in
 * which the tab that holds it is closed or crashes, to the one that has waited longest.
 *
 * A page that is frozen (WICG Page Lifecycle) or kept for the back button runs no code: it could neither lead nor
 * take an election, so that it gives up both first and stands again when it is back.
 */
export class LeaderElection extends TypedEmitter<LeaderElectionEvents> {
  readonly #name: string;
  readonly #disposer = new Disposer();
  /** Set while this tab leads or waits for it. */
  #candidacy: AbortController | undefined;
  #release: (() => void) | undefined;
  #isSuspended = false;
  #isAwaited = false;

  constructor(name: string) {
    super();
    this.#name = name;
    const page = (globalThis as { document?: Document }).document;
    this.#disposer.listen(page, 'freeze', () => {
      this.#suspend();
    });
    this.#disposer.listen(page, 'resume', () => {
      this.#resume();
    });
    if (typeof globalThis.addEventListener !== 'function') return;
    this.#disposer.listen(globalThis, 'pagehide', (event) => {
      // Otherwise the page is closed, and the browser releases what it held.
      if ((event as PageTransitionEvent).persisted) this.#suspend();
    });
    this.#disposer.listen(globalThis, 'pageshow', () => {
      this.#resume();
    });
  }

  /** Whether this tab holds the lock. */
  get isLeader(): boolean {
    return this.#release !== undefined;
  }

  /** Whether this tab leads or waits for it. */
  get isStanding(): boolean {
    return this.#candidacy !== undefined;
  }

  /** Whether another tab waited for the lead when `look()` was last called. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** Looks who waits for the lead; to be called while this tab leads. Never rejects. */
  async look(): Promise<void> {
    try {
      const { pending = [] } = await navigator.locks.query();
      this.#isAwaited = pending.some(({ name }) => name === this.#name);
    } catch {
      // Refused, as the lock was: there are no others.
      this.#isAwaited = false;
    }
  }

  /** Waits for the lead; nothing happens when it does already. */
  stand(): void {
    if (this.#candidacy || this.#isSuspended || this.#disposer.disposed) return;
    const candidacy = new AbortController();
    this.#candidacy = candidacy;
    navigator.locks
      .request(this.#name, { signal: candidacy.signal }, () => this.#lead(candidacy))
      .catch((error: unknown) => {
        // Withdrawn while it waited, or stolen: both reject with AbortError.
        if (this.#candidacy !== candidacy) return;
        if ((error as Partial<Error>).name !== 'AbortError') {
          // Refused, as in a sandboxed frame, whose origin nobody shares: there are no others to be elected by.
          void this.#lead(candidacy);
          return;
        }
        const wasLeader = this.isLeader;
        this.#candidacy = undefined;
        this.#release = undefined;
        if (!wasLeader) return;
        this.emit('deposed');
        this.stand();
      });
  }

  /** Gives up the lead, or the wish for it. */
  withdraw(): void {
    const candidacy = this.#candidacy;
    const release = this.#release;
    this.#candidacy = undefined;
    this.#release = undefined;
    if (release) release();
    else candidacy?.abort();
  }

  dispose(): void {
    this.#disposer.dispose();
    this.removeAllListeners();
    this.withdraw();
  }

  #lead(candidacy: AbortController): Promise<void> | undefined {
    if (this.#candidacy !== candidacy) return undefined;
    return new Promise((resolve) => {
      this.#release = resolve;
      this.emit('elected');
    });
  }

  #suspend(): void {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.emit('suspending');
    this.withdraw();
  }

  #resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.stand();
    this.emit('resumed');
  }
}

import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';

export type WakeEvents = {
  wake: [];
  /** The page is going away for good; whatever must be sent has to leave now. */
  leave: [];
};

/**
 * Says when time or the network may have changed unseen: the page became visible again, came back from the
 * back/forward cache, was unfrozen, or the browser says that it is online.
 */
export class Wake extends TypedEmitter<WakeEvents> {
  readonly #disposer = new Disposer();

  constructor() {
    super();
    const target = globalThis as unknown as Partial<Window & typeof globalThis>;
    const wake = () => {
      this.emit('wake');
    };
    // Not beforeunload: the user can still cancel that one. A page that is only put aside (bfcache) comes back.
    const leave = (event: Event) => {
      if (!(event as PageTransitionEvent).persisted) this.emit('leave');
    };
    // Absent on a server, where nothing ever sleeps either.
    if (typeof target.addEventListener === 'function') {
      this.#disposer.listen(globalThis, 'online', wake);
      this.#disposer.listen(globalThis, 'pageshow', wake);
      this.#disposer.listen(globalThis, 'pagehide', leave);
    }
    const page = target.document;
    this.#disposer.listen(page, 'visibilitychange', () => {
      if (page?.visibilityState === 'visible') wake();
    });
    // Page Lifecycle (WICG): after a freeze.
    this.#disposer.listen(page, 'resume', wake);
  }

  dispose(): void {
    this.#disposer.dispose();
    this.removeAllListeners();
  }
}

import { randomUuid } from '../core/clock';
import { TypedEmitter } from '../core/emitter';

/** What one tab says to the others, or to one of them. */
export interface TabMessage {
  /** The tab that says it. */
  readonly from: string;
  /** What kind of message it is; the listener decides which ones exist. */
  readonly kind: string;
  /** Plain data of that kind. Unchecked: whatever runs on this origin can write to the channel. */
  readonly body: unknown;
}

export type TabChannelEvents = {
  message: [message: TabMessage];
};

// No kind and no tab's id is longer; what is comes from somebody else.
const LONGEST_NAME = 64;

/**
 * The line between the tabs of one agent, over a `BroadcastChannel` (HTML standard): the same origin only, in order
 * for each sender, and never back to the sender. What does not look like a message of another tab is ignored.
 */
export class TabChannel extends TypedEmitter<TabChannelEvents> {
  /** This tab, for as long as the channel lives. */
  readonly tabId = randomUuid();
  readonly #channel: BroadcastChannel;
  #isClosed = false;

  constructor(name: string) {
    super();
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.#onMessage(data);
    };
  }

  /** Says something to all other tabs, or to the tab `to`. `body` is plain data and holds no secret. */
  post(kind: string, body: unknown, to?: string): void {
    if (!this.#isClosed) this.#channel.postMessage({ from: this.tabId, to, kind, body });
  }

  close(): void {
    this.#isClosed = true;
    this.#channel.close();
    this.removeAllListeners();
  }

  #onMessage(data: unknown): void {
    // A message may have been under way when the channel was closed.
    if (this.#isClosed || typeof data !== 'object' || data === null) return;
    const { from, to, kind, body } = data as Partial<Record<string, unknown>>;
    if (!isName(from) || !isName(kind) || from === this.tabId) return;
    if (to === undefined || to === this.tabId) this.emit('message', { from, kind, body });
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME;
}

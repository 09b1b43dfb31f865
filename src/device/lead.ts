import { voiceError } from '../core/errors';
import type { TabChannel } from '../tabs/channel';
import { startHeartbeat } from '../tabs/heartbeat';
import { serveTabRequests } from '../tabs/rpc';
import { CallHost } from './call-host';
import type { ConnectOptions } from './connect-options';
import type { LocalPhone } from './line';
import { choicesOf } from './shared-choices';
import type { SharedCallNews, SharedView } from './shared-protocol';
import type { SharedRingtone } from './shared-ringtone';

export interface LeadOptions {
  readonly channel: TabChannel;
  /** What the others are to know beside the calls. */
  readonly describe: () => Omit<SharedView, 'calls' | 'choices'>;
  readonly local: LocalPhone;
  readonly ringtone: SharedRingtone;
  /** What another tab asks for beside calls and devices. */
  readonly register: () => Promise<void>;
  readonly unregister: () => Promise<void>;
  /** Somebody may have come or gone. */
  readonly look: () => void;
  /** What the others are told of a call. */
  readonly onNews: (news: SharedCallNews) => void;
  /** A call is over and off the list. */
  readonly onCallOver: () => void;
}

/** What a tab does from its election until it leads no longer: it carries the calls, serves the others, and says that it lives. */
export class Lead {
  readonly calls: CallHost;
  readonly #options: LeadOptions;
  readonly #stop: readonly (() => void)[];

  constructor(options: LeadOptions) {
    this.#options = options;
    const { channel } = options;
    this.calls = new CallHost((news) => {
      channel.post('news', news);
      options.onNews(news);
      if (news.event === 'disconnect') queueMicrotask(options.onCallOver);
    });
    const { settings } = options.local.calls;
    const onSettled = () => {
      this.tell();
    };
    settings.on('settled', onSettled);
    this.#stop = [
      () => settings.off('settled', onSettled),
      serveTabRequests(channel, (...request) => this.#serve(...request)),
      startHeartbeat(() => {
        this.tell();
        options.look();
      }),
    ];
    options.look();
  }

  /** A tab has come, or asks whether this one lives. */
  welcome(tabId: string): void {
    this.tell(tabId);
    this.#options.look();
  }

  /** Tells all other tabs, or the tab `to`, everything that there is to know. */
  tell(to?: string): void {
    const { describe, local, channel } = this.#options;
    const choices = choicesOf(local.calls.settings);
    const view: SharedView = { ...describe(), choices, calls: this.calls.states };
    channel.post('view', view, to);
  }

  /** Leads no longer; the others are told at once. */
  end(): void {
    this.#options.channel.post('leaving', undefined);
    for (const stop of this.#stop) stop();
  }

  /** Does what another tab asks for. */
  async #serve(method: string, [first, second, third]: readonly unknown[], from: string): Promise<unknown> {
    const { local, ringtone, register, unregister } = this.#options;
    switch (method) {
      case 'register':
        return register();
      case 'unregister':
        return unregister();
      case 'connect': {
        const call = await local.place(first as ConnectOptions);
        const id = this.calls.add(call, from);
        local.emit('callShared', call);
        return id;
      }
      case 'setInputDevice':
      case 'setOutputDevice':
      case 'setRingtoneDevices':
      case 'setInputProcessing':
        // Each checks what it is given.
        return local.calls.settings[method](first as never);
      case 'ring':
        ringtone.offered(from);
        return undefined;
      case 'ringBlocked':
        ringtone.refused(from);
        return undefined;
      case 'exportDiagnostics':
        return local.exportDiagnostics();
      case 'call':
        return this.calls.ask(first, second, third);
      default:
        throw voiceError('INVALID_ARGUMENT', 'The other tab asks for something that this one does not know.');
    }
  }
}

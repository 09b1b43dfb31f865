import type { Call } from '../call/call';
import { backoffDelayMs } from '../core/backoff';
import { delay } from '../core/deadline';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import { TabChannel, type TabMessage } from '../tabs/channel';
import { canShareTabs, LeaderElection } from '../tabs/leader-election';
import { LeaderWatch } from '../tabs/leader-watch';
import { serveTabRequests, TabRequests } from '../tabs/rpc';
import { CallHost } from './call-host';
import type { ConnectOptions, PlacedCall } from './connect-options';
import type { LineEvent, LocalPhone } from './line';
import { RegistrationView } from './shared-registration';
import { SharedCalls } from './shared-calls';
import {
  readCallNews,
  readView,
  SHARING_VERSION,
  type SharedRegistration,
  type SharedView,
} from './shared-protocol';

// After a take-over nobody has asked for the registration just now, so that nobody else would try again.
const TAKE_OVER_RETRY = { firstMs: 1_000, capMs: 30_000 };
// A leader that goes away in the middle, and the next one: a third has more than bad luck.
const MOST_TRIES = 3;

/**
 * The one phone of an agent with several tabs. The leader holds the registration and carries the calls; in the other
 * tabs this shows what the leader tells and passes on what is asked. Who leads is for the {@link LeaderElection}.
 *
 * Owns the retry of the first registration after a take-over; keeping it up is the Registration's.
 */
export class SharedPhone {
  readonly #local: LocalPhone;
  readonly #channel: TabChannel;
  readonly #election: LeaderElection;
  readonly #requests: TabRequests;
  readonly #lifetime = new AbortController();
  readonly #leader = new LeaderWatch(this.#lifetime.signal);
  readonly #view: RegistrationView;
  /** Calls that another tab carries. */
  readonly #calls: SharedCalls;
  /** Set while this tab leads: the calls that it carries. */
  #host: CallHost | undefined;
  #stopServing: (() => void) | undefined;
  #isWanted = false;
  /** This tab's token has run out. */
  #isExpired = false;
  /** How often unregister() was called: the last wish counts. */
  #withdrawals = 0;

  /** @param agent what makes one agent: tabs of the same origin and the same `agent` share one phone. */
  constructor(agent: string, local: LocalPhone) {
    const name = `2chat-voice/${SHARING_VERSION}/${agent}`;
    this.#local = local;
    this.#view = new RegistrationView(local.emit);
    this.#channel = new TabChannel(name);
    this.#requests = new TabRequests(this.#channel);
    this.#calls = new SharedCalls({
      tabId: this.#channel.tabId,
      emit: local.emit,
      ask: (...request) => this.#ask('call', ...request),
    });
    this.#election = new LeaderElection(name);
    this.#channel.on('message', (message) => {
      this.#onMessage(message);
    });
    this.#election.on('elected', () => {
      this.#lead();
    });
    this.#election.on('deposed', () => {
      this.#yield();
    });
    this.#election.on('suspending', () => {
      this.#yield();
    });
    this.#election.on('resumed', () => {
      this.#channel.post('hello', undefined);
    });
    this.#join();
  }

  get isLeader(): boolean {
    return this.#host !== undefined;
  }

  get isRegistered(): boolean {
    return this.#host ? this.#local.registration.isRegistered : this.#view.state === 'registered';
  }

  async register(): Promise<void> {
    const withdrawals = this.#withdrawals;
    this.#isWanted = true;
    this.#join();
    await this.#withLeader(async () => {
      if (withdrawals !== this.#withdrawals)
        throw voiceError('INVALID_STATE', 'unregister() was called meanwhile.');
      if (this.#host) await this.#registerHere();
      else if (this.#view.state !== 'registered') await this.#ask('register');
    });
  }

  async unregister(): Promise<void> {
    this.#withdrawals += 1;
    this.#isWanted = false;
    if (this.#leader.leaderId === undefined && this.#view.state === 'unregistered') return;
    await this.#withLeader(async () => {
      if (this.#host) {
        await this.#local.registration.unregister();
        // A take-over between two tries has no registration that could say so.
        this.#apply('unregistered', 0, 'requested');
      } else await this.#ask('unregister');
    }).catch((error: unknown) => {
      // Nobody leads, so that nobody is registered.
      if (!isLoss(error)) throw error;
    });
    this.#tellView();
  }

  async place(options: PlacedCall): Promise<Call> {
    if (this.#host) {
      const call = await this.#local.place(options);
      this.#share(call);
      return call;
    }
    if (this.#view.isReconnecting) throw voiceError('SIGNALING_LOST');
    if (this.#leader.leaderId === undefined) throw voiceError('NOT_REGISTERED');
    const call = this.#calls.get(await this.#ask('connect', options));
    if (!call) throw voiceError('TAB_LOST');
    return call;
  }

  async setInputDevice(deviceId: string): Promise<void> {
    await this.#local.calls.setInputDevice(deviceId);
    if (!this.#host && this.#leader.leaderId !== undefined) await this.#ask('setInputDevice', deviceId);
  }

  async setOutputDevice(deviceId: string): Promise<void> {
    await this.#local.calls.setOutputDevice(deviceId);
    if (!this.#host && this.#leader.leaderId !== undefined) await this.#ask('setOutputDevice', deviceId);
  }

  /** Something happened on the line of this tab. */
  onLocal(...event: LineEvent): void {
    const [name, detail] = event;
    if (name === 'incoming' || name === 'recovered') {
      this.#local.emit(name, detail);
      // A listener that rejects at once keeps the call from the other tabs.
      this.#share(detail);
    }
    // What a tab that no longer leads does with its own connection concerns nobody.
    if (!this.#host) return;
    if (name === 'reconnecting') this.#apply('reconnecting', detail.attempt);
    else if (name === 'unregistered') this.#apply('unregistered', 0, detail.reason);
    else if (name === 'registered' || name === 'reconnected') this.#apply('registered');
  }

  /** This tab's token ran out: one with a better token should lead, unless a call would be lost with it. */
  onTokenExpired(): void {
    this.#isExpired = true;
    if (this.#host?.size === 0) this.#stepAside(voiceError('TOKEN_EXPIRED'));
  }

  /** This tab has a fresh token, with which it can lead again. */
  onTokenRenewed(): void {
    this.#isExpired = false;
    if (!this.#election.isStanding && this.#leader.wasKnown) this.#join();
  }

  /** Leaves. The other tabs go on; when this one led, another takes over. */
  dispose(): void {
    this.#lifetime.abort(voiceError('DESTROYED'));
    if (this.#host) this.#channel.post('leaving', undefined);
    this.#host = undefined;
    this.#requests.abandon(undefined, 'DESTROYED');
    this.#channel.close();
    this.#election.dispose();
  }

  #join(): void {
    if (this.#election.isStanding) return;
    this.#election.stand();
    // Answered with a view, where somebody leads.
    this.#channel.post('hello', undefined);
  }

  #lead(): void {
    const isTakeOver = this.#leader.wasKnown;
    this.#leader.set(this.#channel.tabId);
    this.#requests.abandon();
    this.#host = new CallHost((news) => {
      this.#channel.post('news', news);
      if (news.event === 'disconnect' && this.#isExpired)
        // When the call is off the list.
        queueMicrotask(() => {
          this.onTokenExpired();
        });
    });
    this.#stopServing = serveTabRequests(this.#channel, (...request) => this.#serve(...request));
    this.#calls.lose();
    this.#local.logger.info('this tab holds the phone now');
    if (isTakeOver && this.#isWanted) void this.#takeOver();
    this.#tellView();
    this.#local.emit('leadership', { isLeader: true });
  }

  /** Gives up the lead without waiting for anything. */
  #yield(): void {
    if (!this.#host) return;
    this.#channel.post('leaving', undefined);
    this.#host = undefined;
    this.#leader.set(undefined);
    this.#stopServing?.();
    // Nobody to wait for: the page may be frozen when this returns.
    void this.#local.registration.unregister(true);
    this.#local.logger.info('this tab gave up the phone');
    if (this.#isWanted) this.#apply('reconnecting', 1);
    this.#local.emit('leadership', { isLeader: false });
  }

  /** Lets another tab lead: this one cannot register. Where there is none, the agent is not reachable. */
  #stepAside({ message }: VoiceSDKError): void {
    this.#yield();
    this.#election.withdraw();
    this.#leader.known().catch(() => {
      if (!this.#lifetime.signal.aborted) this.#apply('unregistered', 0, message);
    });
  }

  async #takeOver(): Promise<void> {
    const { signal } = this.#lifetime;
    const host = this.#host;
    const isOver = () => this.#host !== host || !this.#isWanted || signal.aborted;
    for (let tries = 1; ; tries += 1) {
      this.#apply('reconnecting', tries);
      try {
        await this.#local.registration.register();
        this.#local.onTakeOver();
        return;
      } catch (error) {
        if (isOver()) return;
        this.#local.emit('error', asVoiceError(error, 'REGISTRATION_FAILED'));
        if (isRefusal(error)) {
          this.#stepAside(error);
          return;
        }
        await delay(backoffDelayMs(tries, TAKE_OVER_RETRY), signal).catch(() => undefined);
        if (isOver()) return;
      }
    }
  }

  async #registerHere(): Promise<void> {
    this.#isWanted = true;
    try {
      await this.#local.registration.register();
    } catch (error) {
      // A tab that takes over does not go on with what nobody has got.
      this.#isWanted = this.#view.state !== 'unregistered';
      throw error;
    } finally {
      this.#tellView();
    }
  }

  /** What another tab asks for, while this one leads. */
  async #serve(method: string, [first, second, third]: readonly unknown[], from: string): Promise<unknown> {
    const { calls, place } = this.#local;
    switch (method) {
      case 'register':
        try {
          await this.#registerHere();
        } catch (error) {
          // The tab that asked may have a better token; it is told by our leaving, and tries itself.
          if (isRefusal(error)) this.#stepAside(error);
          throw error;
        }
        return undefined;
      case 'unregister':
        return this.unregister();
      case 'connect': {
        const call = await place(first as ConnectOptions);
        const id = this.#share(call, from);
        this.#local.emit('callShared', call);
        return id;
      }
      case 'setInputDevice':
        return calls.setInputDevice(String(first));
      case 'setOutputDevice':
        return calls.setOutputDevice(String(first));
      case 'call':
        return this.#host?.ask(first, second, third);
      default:
        throw voiceError('INVALID_ARGUMENT', 'The other tab asks for something that this one does not know.');
    }
  }

  /** Does something with the tab that leads, and once more with the next one where that is lost meanwhile. */
  async #withLeader(action: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.#leader.known();
      try {
        await action();
        return;
      } catch (error) {
        if (tries === MOST_TRIES || !isLoss(error)) throw error;
      }
    }
  }

  /** Shows a call of this tab to the others. */
  #share(call: Call, requestedBy = this.#channel.tabId): string | undefined {
    return this.#host?.add(call, requestedBy);
  }

  async #ask(method: string, ...args: readonly unknown[]): Promise<unknown> {
    this.#lifetime.signal.throwIfAborted();
    const { leaderId } = this.#leader;
    if (leaderId === undefined) throw voiceError('TAB_LOST');
    return this.#requests.send(leaderId, method, args);
  }

  #onMessage({ from, kind, body }: TabMessage): void {
    if (this.#host) {
      if (kind === 'hello') this.#tellView(from);
    } else if (kind === 'view') {
      const view = readView(body);
      if (view) this.#onView(from, view);
    } else if (from === this.#leader.leaderId) {
      if (kind === 'leaving') this.#onLeaderLost();
      const news = kind === 'news' ? readCallNews(body) : undefined;
      if (news) this.#calls.tell(news);
    }
  }

  #onView(from: string, view: SharedView): void {
    this.#leader.set(from);
    this.#requests.abandon(from);
    this.#isWanted = view.isWanted;
    this.#local.instance.id = view.instanceId;
    this.#apply(view.registration, view.attempt, view.reason);
    this.#calls.sync(view.calls);
  }

  #onLeaderLost(): void {
    this.#leader.set(undefined);
    this.#requests.abandon();
    this.#calls.lose();
    if (this.#isWanted) this.#apply('reconnecting', 1);
  }

  #tellView(to?: string): void {
    if (!this.#host) return;
    const { state, attempt, reason } = this.#view;
    const view: SharedView = {
      // Somebody is at it, so that those who were told of an outage go on waiting.
      registration: state === 'unregistered' && this.#isWanted ? 'reconnecting' : state,
      ...(reason === undefined ? {} : { reason }),
      attempt,
      isWanted: this.#isWanted,
      instanceId: this.#local.instance.id,
      calls: this.#host.states,
    };
    this.#channel.post('view', view, to);
  }

  #apply(registration: SharedRegistration, attempt?: number, reason?: string): void {
    if (this.#view.set(registration, attempt, reason)) this.#tellView();
  }
}

/** @throws VoiceSDKError `UNSUPPORTED` where the browser or the page has no Web Locks or no BroadcastChannel */
export function shareTabs(agent: string, local: LocalPhone): SharedPhone {
  if (!canShareTabs())
    throw voiceError('UNSUPPORTED', 'Without Web Locks and BroadcastChannel each tab registers on its own.');
  return new SharedPhone(agent, local);
}

function isLoss(error: unknown): boolean {
  return asVoiceError(error, 'MEDIA_FAILED').code === 'TAB_LOST';
}

/** Whether this tab's token is what keeps it from registering. */
function isRefusal(error: unknown): error is VoiceSDKError {
  const { name } = asVoiceError(error, 'MEDIA_FAILED');
  return name === 'TokenError' || name === 'AuthError';
}

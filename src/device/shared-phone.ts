import type { Call } from '../call/call';
import { voiceError } from '../core/errors';
import { TabChannel, type TabMessage } from '../tabs/channel';
import { SilenceWatch } from '../tabs/heartbeat';
import { LeaderElection } from '../tabs/leader-election';
import { isTabLoss, LeaderWatch } from '../tabs/leader-watch';
import { TabRequests } from '../tabs/rpc';
import type { PlacedCall } from './connect-options';
import { nameOf } from './call-host';
import { Lead } from './lead';
import type { LineEvent, LocalPhone, SharedSetter } from './line';
import { FollowedChoices } from './shared-choices';
import { RegistrationView } from './shared-registration';
import { SharedCalls } from './shared-calls';
import { SharedRingtone } from './shared-ringtone';
import {
  type CarriedCall,
  readCallNews,
  readView,
  SHARING_VERSION,
  type SharedRegistration,
  type SharedView,
} from './shared-protocol';
import { isRefusal, takeOver } from './take-over';

/**
 * The one phone of an agent with several tabs. The leader holds the registration and carries the calls; in the other
 * tabs this shows what the leader tells and passes on what is asked. Who leads is for the {@link LeaderElection}.
 */
export class SharedPhone {
  readonly #local: LocalPhone;
  readonly #channel: TabChannel;
  readonly #election: LeaderElection;
  readonly #requests: TabRequests;
  readonly #lifetime = new AbortController();
  readonly #leader = new LeaderWatch(this.#lifetime.signal, () => {
    this.#apply('unregistered', 0, this.#unfit);
  });
  readonly #view: RegistrationView;
  /** Calls that another tab carries. */
  readonly #calls: SharedCalls;
  /** Set while this tab leads. */
  #lead: Lead | undefined;
  readonly #silence: SilenceWatch;
  readonly #ringtone: SharedRingtone;
  readonly #choices: FollowedChoices;
  /** What this tab knows of the phone, and the bundle of diagnostics of the tab that leads. */
  readonly diagnosis = {
    facts: () => ({ ...this.#describe(), calls: this.#calls.states }),
    ask: () => this.#ask('exportDiagnostics'),
  };
  #isWanted = false;
  /** Set from this tab's election until the calls of the leader before were taken up or lost. */
  #isRecovering = false;
  /** Why this tab cannot register: its token has run out, or is refused. */
  #unfit: string | undefined;
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
      recoversCalls: local.recoversCalls,
      emit: local.emit,
      // One that another tab carried before may be this one's now.
      ask: (...request) => this.#lead?.calls.ask(...request) ?? this.#ask('call', ...request),
    });
    this.#ringtone = new SharedRingtone({
      tabId: this.#channel.tabId,
      local,
      tell: () => this.#lead?.tell(),
      ask: (method) => {
        this.#ask(method).catch(() => undefined);
      },
    });
    this.#choices = new FollowedChoices(local.calls.settings);
    this.#silence = new SilenceWatch({
      ask: () => {
        this.#channel.post('hello', undefined, this.#leader.leaderId);
      },
      // It holds the lock, so that nobody else can lead; its calls may go on.
      onSilent: () => {
        this.#local.logger.warn('the tab that holds the phone does not answer');
        this.#ringtone.abandon();
        if (this.#view.state === 'registered') this.#apply('reconnecting', 1);
      },
    });
    this.#election = new LeaderElection(name);
    this.#channel.on('message', this.#onMessage.bind(this));
    this.#election.on('elected', this.#takeLead.bind(this));
    for (const event of ['deposed', 'suspending'] as const) this.#election.on(event, this.#yield.bind(this));
    this.#election.on('resumed', () => {
      this.#channel.post('hello', undefined);
    });
    this.#join();
  }

  get isLeader(): boolean {
    return this.#lead !== undefined;
  }

  get isRegistered(): boolean {
    return this.#lead ? this.#local.registration.isRegistered : this.#view.state === 'registered';
  }

  /** Whether another tab takes over when this one, which leads, is gone. */
  get hasSuccessor(): boolean {
    return this.isLeader && this.#election.isAwaited;
  }

  async register(): Promise<void> {
    const withdrawals = this.#withdrawals;
    this.#isWanted = true;
    this.#join();
    await this.#leader.use(async () => {
      if (withdrawals !== this.#withdrawals)
        throw voiceError('INVALID_STATE', 'unregister() was called meanwhile.');
      if (this.#lead) await this.#registerHere();
      else if (this.#view.state !== 'registered') await this.#ask('register');
    });
  }

  async unregister(): Promise<void> {
    this.#withdrawals += 1;
    this.#isWanted = false;
    if (this.#leader.leaderId === undefined && this.#view.state === 'unregistered') return;
    await this.#leader
      .use(async () => {
        if (this.#lead) {
          await this.#local.registration.unregister();
          // A take-over between two tries has no registration that could say so.
          this.#apply('unregistered', 0, 'requested');
        } else await this.#requests.send(this.#leader.leaderId ?? '', 'unregister', [], true);
      })
      .catch((error: unknown) => {
        // Nobody leads, so that nobody is registered.
        if (!isTabLoss(error)) throw error;
      });
    this.#lead?.tell();
  }

  async place(options: PlacedCall): Promise<Call> {
    const lead = this.#lead;
    if (lead) {
      const call = await this.#local.place(options).catch((error: unknown) => {
        throw this.#lead === lead || this.#lifetime.signal.aborted ? error : voiceError('TAB_LOST');
      });
      this.#share(call);
      return call;
    }
    if (this.#view.isReconnecting) throw voiceError('SIGNALING_LOST');
    if (this.#leader.leaderId === undefined) throw voiceError('NOT_REGISTERED');
    const call = this.#calls.get(await this.#ask('connect', options));
    if (!call) throw voiceError('TAB_LOST');
    return call;
  }

  /** Chooses in this tab and in the one that carries the calls. */
  async choose(method: SharedSetter, choice: unknown): Promise<void> {
    await this.#local.calls.settings[method](choice as never);
    if (!this.#lead && this.#leader.leaderId !== undefined)
      await this.#choices.passOn(this.#ask(method, choice));
  }

  /** Something happened on the line of this tab. */
  onLocal(...[name, detail]: LineEvent): void {
    if (name === 'audioBlocked') this.#ringtone.blocked();
    else if (name === 'audioUnblocked') this.#ringtone.unblocked();
    else if (!this.#lead) {
      // What a tab that no longer leads does with its own connection concerns nobody, and it carries no call.
      if (name === 'incoming' || name === 'recovered') void detail.disconnect();
    } else if (name === 'incoming' || name === 'recovered') {
      const known = name === 'recovered' ? this.#calls.get(nameOf(detail)) : undefined;
      if (known) known.carriedBy(detail);
      else this.#local.emit(name, detail);
      // A listener that rejects at once keeps the call from the other tabs.
      this.#share(detail);
    } else if (name === 'reconnecting') this.#apply('reconnecting', detail.attempt);
    else if (name === 'unregistered') this.#onUnregistered(detail.reason);
    else this.#apply('registered');
  }

  /** The calls of former pages were taken up or are lost. */
  onRecoverySettled(): void {
    if (!this.#lead) return;
    this.#isRecovering = false;
    this.#calls.loseWaiting();
    this.#lead.tell();
  }

  /** This tab cannot register, for that reason: another one should lead, unless a call would be lost with it. */
  giveWay(reason: string): void {
    this.#unfit = reason;
    if (this.#lead?.calls.size !== 0) return;
    this.#yield();
    this.#election.withdraw();
    this.#leader.expect();
  }

  /** This tab has a fresh token, with which it can lead again. */
  onTokenRenewed(): void {
    this.#unfit = undefined;
    if (!this.#election.isStanding && this.#leader.wasKnown) this.#join();
  }

  /** Leaves. The other tabs go on; when this one led, another takes over. */
  dispose(): void {
    this.#ringtone.dispose();
    this.#lifetime.abort(voiceError('DESTROYED'));
    this.#lead?.end();
    this.#lead = undefined;
    this.#silence.stop();
    this.#calls.dispose();
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

  #takeLead(): void {
    const isTakeOver = this.#leader.wasKnown;
    this.#unfit = undefined;
    this.#leader.set(this.#channel.tabId);
    this.#requests.abandon();
    this.#silence.stop();
    this.#ringtone.lead();
    this.#choices.forget();
    this.#lead = new Lead({
      channel: this.#channel,
      describe: () => this.#describe(),
      local: this.#local,
      ringtone: this.#ringtone,
      register: () => this.#registerForOthers(),
      unregister: () => this.unregister(),
      look: () => void this.#election.look(),
      onNews: (news) => {
        // In a tab that took the call up, its former face goes on.
        if (this.#calls.get(news.call.id)) this.#calls.tell(news);
      },
      onCallOver: () => {
        if (this.#unfit !== undefined) this.giveWay(this.#unfit);
      },
    });
    this.#isRecovering = this.#local.recoversCalls && this.#isWanted;
    this.#calls.abandon();
    if (!this.#isRecovering) this.#calls.loseWaiting();
    this.#local.logger.info('this tab holds the phone now');
    if (isTakeOver && this.#isWanted) this.#takeOver();
    this.#lead.tell();
    this.#local.emit('leadership', { isLeader: true });
  }

  /** Gives up the lead without waiting for anything, and the calls with it: the others say that they are over. */
  #yield(): void {
    const lead = this.#lead;
    if (!lead) return;
    this.#local.calls.endAll();
    // Listeners heard of it, and may have destroyed the Device.
    if (this.#lead !== lead) return;
    lead.end();
    this.#lead = undefined;
    this.#ringtone.abandon();
    this.#leader.set(undefined);
    if (this.#election.isAwaited) this.#local.registration.handOver();
    else void this.#local.registration.unregister(true);
    this.#local.logger.info('this tab gave up the phone');
    if (this.#isWanted) this.#apply('reconnecting', 1);
    this.#local.emit('leadership', { isLeader: false });
  }

  /** The registration of this tab has ended. Where nobody asked for that, it is refused for good. */
  #onUnregistered(reason?: string): void {
    if (this.#isWanted && this.#local.registration.state === 'unregistered') {
      this.#unfit = reason ?? '';
      if (this.#election.isAwaited) this.giveWay(this.#unfit);
    }
    if (this.#lead) this.#apply('unregistered', 0, reason);
  }

  #takeOver(): void {
    const lead = this.#lead;
    void takeOver({
      local: this.#local,
      signal: this.#lifetime.signal,
      isOver: () => this.#lead !== lead || !this.#isWanted,
      onTry: (attempt) => {
        this.#apply('reconnecting', attempt);
      },
      onRefused: (error) => {
        this.giveWay(error.message);
      },
    });
  }

  async #registerHere(): Promise<void> {
    this.#isWanted = true;
    this.#unfit = undefined;
    try {
      await this.#local.registration.register();
    } catch (error) {
      // A tab that takes over does not go on with what nobody has got.
      this.#isWanted = this.#view.state !== 'unregistered';
      throw error;
    } finally {
      this.#lead?.tell();
    }
  }

  async #registerForOthers(): Promise<void> {
    try {
      await this.#registerHere();
    } catch (error) {
      // The tab that asked may have a better token; it is told by our leaving, and tries itself.
      if (isRefusal(error)) this.giveWay(error.message);
      throw error;
    }
  }

  /** Shows a call of this tab to the others. */
  #share(call: CarriedCall): void {
    this.#lead?.calls.add(call, this.#channel.tabId);
  }

  async #ask(method: string, ...args: readonly unknown[]): Promise<unknown> {
    this.#lifetime.signal.throwIfAborted();
    const { leaderId } = this.#leader;
    if (leaderId === undefined) throw voiceError('TAB_LOST');
    return this.#requests.send(leaderId, method, args);
  }

  #onMessage({ from, kind, body }: TabMessage): void {
    if (this.#lead) {
      if (kind === 'hello') this.#lead.welcome(from);
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
    if (from !== this.#leader.leaderId) this.#calls.abandon();
    this.#leader.set(from);
    this.#local.prepareToLead();
    this.#silence.heard();
    this.#requests.abandon(from);
    this.#isWanted = view.isWanted;
    this.#local.instance.id = view.instanceId;
    this.#apply(view.registration, view.attempt, view.reason);
    this.#calls.sync(view.calls, view.isRecovering === true);
    this.#choices.follow(view.choices);
    this.#ringtone.follow(
      view,
      view.calls.some(({ status }) => status === 'ringing'),
    );
  }

  #onLeaderLost(): void {
    this.#leader.set(undefined);
    this.#silence.stop();
    this.#requests.abandon();
    this.#ringtone.abandon();
    this.#calls.abandon();
    if (this.#isWanted) this.#apply('reconnecting', 1);
    if (!this.#election.isStanding) this.#leader.expect();
  }

  #describe(): Omit<SharedView, 'calls' | 'choices'> {
    return {
      // While somebody is at it, those who were told of an outage go on waiting.
      ...this.#view.facts(this.#isWanted && this.#unfit === undefined),
      isWanted: this.#isWanted,
      instanceId: this.#local.instance.id,
      isRecovering: this.#isRecovering && this.#isWanted,
      ...this.#ringtone.facts,
    };
  }

  #apply(registration: SharedRegistration, attempt?: number, reason?: string): void {
    if (this.#view.set(registration, attempt, reason)) this.#lead?.tell();
  }
}

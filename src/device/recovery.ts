import type { LiveCall } from '../call/live-call';
import { nowMs, randomUuid, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { withDeadline } from '../core/deadline';
import { Disposer } from '../core/disposer';
import { startSteadyTimer } from '../core/steady-timer';
import { asVoiceError, voiceError } from '../core/errors';
import type { Logger } from '../core/logger';
import type { Registration } from '../registration/registration';
import { dialogStateOf, openMedia, restoreSession } from '../sip/recovery';
import type { SipSession } from '../sip/session';
import type { SipUserAgent } from '../sip/user-agent';
import { LiveCallJournal } from '../storage/live-call-journal';
import type { LiveCallRecord } from '../storage/live-call-record';
import { remember, remembered } from '../storage/page-memory';
import { claim } from '../tabs/claim';
import type { Calls } from './calls';
import type { CallLostReason, LostCall } from './device-events';

export interface CallRecoveryOptions {
  /** Whose calls: API and user. */
  readonly scope: string;
  /** Whether all tabs of the agent are one phone: then nobody else waits for a call without a page. */
  readonly isShared: boolean;
  readonly registration: Registration;
  readonly calls: Calls;
  readonly logger: Logger;
  readonly onRecovered: (call: LiveCall) => void;
  readonly onLost: (lost: LostCall) => void;
  /** All calls that were found after registering were taken up or lost. */
  readonly onSettled: () => void;
}

/** How often a page says that its calls live. */
const HEARTBEAT_MS = 5_000;
/** Far ends and media relays give a silent call up at about that age (RTPengine: 60 s). */
const EXPIRES_MS = 60_000;
/** A call of another tab: that tab may be loading again, and comes first. */
const ORPHANED_AFTER_MS = 10_000;
/** A page that is left gives up its lock when it is destroyed, which may be a little after the next one has begun. */
const CLAIM_TIMEOUT_MS = 1_000;
/** For how long a lost connection may keep a recovery waiting. */
const RECONNECT_TIMEOUT_MS = 30_000;
const MOST_ATTEMPTS = 5;

interface KeptCall {
  readonly session: SipSession;
  readonly save: () => void;
  /** The last that was written. */
  record: LiveCallRecord | undefined;
}

/** Phones that Devices of this very page have taken. */
const taken = new Set<string>();

/**
 * Keeps the live calls of one Device in the journal, and takes over those that a former page of the same user left
 * behind. Loaded only where `recoverCalls` asks for it.
 */
export class CallRecovery {
  readonly #options: CallRecoveryOptions;
  readonly #journal: LiveCallJournal;
  readonly #disposer = new Disposer();
  readonly #kept = new Map<LiveCall, KeptCall>();
  #instanceId = randomUuid();
  /** This page, and no other, is that phone. */
  #isPhone = false;
  #restoring: LiveCallRecord | undefined;
  #heartbeat: TimerHandle | undefined;
  #orphanTimer: TimerHandle | undefined;

  constructor(options: CallRecoveryOptions) {
    this.#options = options;
    this.#journal = new LiveCallJournal(options.logger);
    options.calls.on('created', this.#keep);
    const onRegistered = () => void this.#recoverAll();
    options.registration.on('registered', onRegistered);
    this.#disposer.add(() => {
      options.calls.off('created', this.#keep);
      options.registration.off('registered', onRegistered);
      this.#journal.close();
    });
  }

  /**
   * Takes the phone of this tab: what an earlier page in it registered as, unless a page that lives (a duplicated tab's
   * original) is that phone. Returns its instance id (RFC 5626 section 4.1).
   */
  async takePhone(): Promise<string> {
    for (let slot = 0; ; slot += 1) {
      const name = `${this.#options.scope} ${slot}`;
      const known = remembered(name);
      // A further Device of this page.
      if (known !== undefined && taken.has(known)) continue;
      if (known !== undefined && isUuid(known) && (await this.#take(known))) break;
      const fresh = randomUuid();
      if (await this.#take(fresh)) remember(name, fresh);
      // Two tabs could not be told apart.
      else this.#options.logger.warn('without Web Locks a reload ends calls');
      break;
    }
    return this.#instanceId;
  }

  /** The page goes away. Whether calls are left for the next one; what it could not take up is ended. */
  leave(): boolean {
    if (!this.#isPhone || !this.#journal.isUsable) return false;
    let isLeft = false;
    for (const [call, { session, save }] of this.#kept) {
      const isRinging = call.direction === 'inbound' && call.getStatus() === 'ringing';
      if (isRinging || dialogStateOf(session.raw)) {
        save();
        isLeft = true;
      } else session.hangUp('destroyed');
    }
    return isLeft;
  }

  dispose(): void {
    this.#disposer.dispose();
    stopTimer(this.#heartbeat);
    stopTimer(this.#orphanTimer);
  }

  async #take(instanceId: string): Promise<boolean> {
    // Before the wait: a second Device may ask meanwhile.
    taken.add(instanceId);
    const release = await claim(lockOf(instanceId), CLAIM_TIMEOUT_MS);
    if (!release) {
      taken.delete(instanceId);
      return false;
    }
    this.#instanceId = instanceId;
    this.#isPhone = true;
    this.#disposer.add(() => {
      taken.delete(instanceId);
      release();
    });
    return true;
  }

  readonly #keep = (call: LiveCall, session: SipSession): void => {
    const former = this.#restoring;
    let canReplace = former?.canReplace ?? supportsReplaces(session.request);
    const kept: KeptCall = {
      session,
      record: former,
      save: () => {
        const acceptedForMs = call.acceptedForMs;
        const dialog = dialogStateOf(session.raw);
        const accountUri = this.#options.registration.userAgent?.uri;
        if (!dialog || acceptedForMs === undefined || accountUri === undefined || !this.#isPhone) return;
        kept.record = {
          dialog,
          scope: this.#options.scope,
          instanceId: this.#instanceId,
          accountUri,
          direction: call.direction,
          remoteIdentity: call.remoteIdentity ?? '',
          ...(call.remoteDisplayName === undefined ? {} : { remoteDisplayName: call.remoteDisplayName }),
          customHeaders: call.customHeaders,
          isMuted: call.isMuted(),
          isOnHold: call.isOnHold(),
          canReplace,
          ...(session.origin.line === undefined ? {} : { sdpOrigin: session.origin.line }),
          acceptedAtMs: nowMs() - acceptedForMs,
          aliveAtMs: nowMs(),
        };
        void this.#journal.put(kept.record);
      },
    };
    const { save } = kept;
    this.#kept.set(call, kept);
    session.raw.on(
      'accepted',
      ({ response }: { response: Parameters<typeof supportsReplaces>[0] | null }) => {
        canReplace ||= supportsReplaces(response ?? undefined);
      },
    );
    session.on('transaction', (transaction) => {
      // The request has its number when the transaction exists; one that comes in is counted right after.
      queueMicrotask(save);
      transaction.on('stateChanged', save);
    });
    call.on('accepted', save).on('hold', save).on('mute', save);
    session.once('ended', () => {
      this.#kept.delete(call);
      if (kept.record) void this.#journal.remove(kept.record);
    });
    save();
    this.#heartbeat ??= startSteadyTimer(HEARTBEAT_MS, this.#beat);
  };

  readonly #beat = (): void => {
    this.#heartbeat = this.#kept.size > 0 ? startSteadyTimer(HEARTBEAT_MS, this.#beat) : undefined;
    for (const { save } of this.#kept.values()) save();
  };

  async #recoverAll(): Promise<void> {
    if (this.#isPhone) await Promise.all(await this.#recoveries());
    if (!this.#disposer.disposed) this.#options.onSettled();
  }

  /** Begins to take up whatever can be taken up now. */
  async #recoveries(): Promise<Promise<void>[]> {
    const recoveries: Promise<void>[] = [];
    /** By the page that left them. */
    const orphans = new Map<string, LiveCallRecord[]>();
    const orphanedAfterMs = this.#options.isShared ? 0 : ORPHANED_AFTER_MS;
    let nextLookMs = Infinity;
    for (const record of await this.#journal.all()) {
      const ageMs = Math.abs(nowMs() - record.aliveAtMs);
      const isKnown = [...this.#kept.values()].some(({ session }) => session.callId === record.dialog.callId);
      if (this.#disposer.disposed || isKnown) continue;
      if (record.scope !== this.#options.scope) {
        // Telephone numbers of somebody who may never come back here.
        if (ageMs > EXPIRES_MS) void this.#journal.remove(record);
      } else if (record.instanceId === this.#instanceId) recoveries.push(this.#recover(record));
      else if (ageMs >= orphanedAfterMs)
        orphans.set(record.instanceId, [...(orphans.get(record.instanceId) ?? []), record]);
      else nextLookMs = Math.min(nextLookMs, orphanedAfterMs - ageMs);
    }
    stopTimer(this.#orphanTimer);
    if (nextLookMs < Infinity && !this.#disposer.disposed)
      this.#orphanTimer = startTimer(nextLookMs, () => void this.#recoverAll());
    return [...recoveries, ...[...orphans].map((orphan) => this.#recoverOrphans(...orphan))];
  }

  /** The calls of a tab that was closed or crashed for good; one page may have them. */
  async #recoverOrphans(formerId: string, seen: readonly LiveCallRecord[]): Promise<void> {
    // One lock for all of them: one that is slow to be taken up must not keep this page from the next.
    const release = await claim(lockOf(formerId), CLAIM_TIMEOUT_MS);
    if (!release) return;
    try {
      const callIds = seen.map(({ dialog }) => dialog.callId);
      // Another page may have been faster, and is done.
      const left = (await this.#journal.all()).filter(
        ({ dialog, instanceId }) => instanceId === formerId && callIds.includes(dialog.callId),
      );
      await Promise.all(left.map((record) => this.#recover(record)));
    } finally {
      release();
    }
  }

  async #recover(record: LiveCallRecord): Promise<void> {
    const { registration, calls, logger } = this.#options;
    const { userAgent } = registration;
    if (!userAgent) return;
    if (userAgent.uri !== record.accountUri) {
      this.#giveUp(record, 'failed');
      return;
    }
    let session: SipSession | undefined;
    try {
      session = userAgent.adopt((raw) => restoreSession(raw, record));
      session.origin.continue(record.sdpOrigin);
      if (Math.abs(nowMs() - record.aliveAtMs) > EXPIRES_MS) {
        this.#giveUp(record, 'expired', session);
        return;
      }
      this.#restoring = record;
      const { remoteIdentity: address, remoteDisplayName: displayName } = record;
      const { call, audio } = calls.create(
        session,
        { address, ...(displayName === undefined ? {} : { displayName }) },
        Object.freeze(record.customHeaders),
        { ...record, acceptedForMs: Math.max(0, nowMs() - record.acceptedAtMs) },
      );
      this.#restoring = undefined;
      const stream = await audio.input.open();
      openMedia(session.raw, userAgent.pcConfig, stream);
      await this.#offer(session, record.isOnHold);
      logger.info('a call of the page before goes on here');
      this.#options.onRecovered(call);
    } catch (error) {
      this.#restoring = undefined;
      if (this.#disposer.disposed) return;
      if (session?.signal.aborted) {
        logger.info('a call of the page before is over');
        this.#giveUp(record, 'ended');
        return;
      }
      logger.warn('a call of the page before could not be taken up', error);
      const { code } = asVoiceError(error, 'MEDIA_FAILED');
      if (code.startsWith('MICROPHONE_')) this.#giveUp(record, 'microphone', session);
      else if (record.canReplace && session) await this.#replace(userAgent, record, session);
      else this.#giveUp(record, code === 'HOLD_FAILED' ? 'refused' : 'failed', session);
    }
  }

  /** The re-INVITE that moves the call here: a new address, a new peer connection, the same dialog. */
  async #offer(session: SipSession, isOnHold: boolean): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await session.setHold(isOnHold);
        return;
      } catch (error) {
        const { code } = asVoiceError(error, 'MEDIA_FAILED');
        if (session.signal.aborted || code !== 'SIGNALING_LOST' || attempt >= MOST_ATTEMPTS) throw error;
      }
      await this.#reconnected();
    }
  }

  #reconnected(): Promise<void> {
    const { registration } = this.#options;
    if (registration.isRegistered) return Promise.resolve();
    const reconnected = new Promise<void>((resolve) => {
      registration.once('reconnected', resolve);
    });
    return withDeadline(reconnected, RECONNECT_TIMEOUT_MS, () => voiceError('SIGNALING_LOST'));
  }

  /** A far end that takes no other media in the old dialog may take a new dialog in its place (RFC 3891). */
  async #replace(userAgent: SipUserAgent, record: LiveCallRecord, session: SipSession): Promise<void> {
    const { callId, localTag, remoteTag, remoteUri } = record.dialog;
    try {
      const call = await this.#options.calls.place(userAgent, {
        to: remoteUri,
        extraHeaders: [`Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`, 'Require: replaces'],
      });
      call.mute(record.isMuted);
      await new Promise<void>((resolve, reject) => {
        call.once('accepted', resolve);
        call.once('disconnect', ({ cause }) => {
          reject(new Error(cause));
        });
      });
      if (record.isOnHold) await call.hold(true);
      this.#options.onRecovered(call);
    } catch (error) {
      this.#options.logger.warn('the far end did not take a call in place of the former one', error);
      this.#giveUp(record, 'refused', session);
    }
  }

  #giveUp(record: LiveCallRecord, reason: CallLostReason, session?: SipSession): void {
    // The far end should not sit in silence until it notices by itself.
    session?.hangUp();
    void this.#journal.remove(record);
    const { dialog, remoteIdentity } = record;
    this.#options.onLost({
      callId: dialog.callId,
      ...(remoteIdentity === '' ? {} : { remoteIdentity }),
      reason,
    });
  }
}

function lockOf(instanceId: string): string {
  return `2chat-voice:phone:${instanceId}`;
}

function isUuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);
}

function supportsReplaces(message: { getHeaders(name: string): string[] } | undefined): boolean {
  return message?.getHeaders('supported').some((value) => /(^|,)\s*replaces\s*(,|$)/i.test(value)) === true;
}

import { stopTimer } from '../core/clock';
import { untilAborted } from '../core/deadline';
import { TypedEmitter } from '../core/emitter';
import { voiceError } from '../core/errors';
import type { Logger } from '../core/logger';
import type { Codecs } from './codecs';
import { DialogCheck, type Hearing } from './dialog-check';
import { STATUS_NO_DIALOG } from './dialog-probe';
import { classifyEnd, type EndIntent } from './end-reason';
import { noteFailures, STATUS_UNAVAILABLE } from './failure-notes';
import { boundGathering, type CandidateEvent, expectedKinds, GatheringRounds } from './ice-gathering';
import { sendInfoDigit } from './info-digit';
import {
  type RawEnd,
  type RawInvite,
  type RawRequest,
  type RawResponse,
  type RawSession,
  type RawTransaction,
  SESSION_STATUS,
} from './jssip';
import {
  holdBackAnswers,
  inviteAnew,
  keepInviteOpen,
  keepRinging,
  meetTwin,
  repeatAnswer,
  repeatBye,
  withdraw,
} from './loss-guards';
import { Negotiation } from './negotiation';
import type { Outbox } from './outbox';
import { Outage } from './outage';
import { RemoteHold } from './remote-hold';
import { RingingGrace } from './ringing-grace';
import { SdpOrigin } from './sdp-origin';
import type { SipSessionEvents } from './session-events';
import {
  acknowledgeBeforeBye,
  answerEvery2xx,
  closeAfterUnusableAnswer,
  interceptRequests,
  keepTracksUntouched,
  refuseReferences,
  refuseVideo,
  stopAfterCancel,
} from './session-guards';

export interface SipSessionContext {
  readonly logger: Logger;
  readonly pcConfig: RTCConfiguration;
  readonly outbox: Outbox;
  readonly codecs: Codecs;
  /** The INVITE of an inbound session. */
  readonly request?: RawRequest;
}

/** One INVITE dialog (RFC 3261 section 12) and its peer connection. */
export class SipSession extends TypedEmitter<SipSessionEvents> {
  readonly direction: 'inbound' | 'outbound';
  /** The INVITE, for inbound sessions. */
  readonly request: RawRequest | undefined;
  /** JsSIP's own session. */
  readonly raw: RawSession;
  /** Of our session descriptions. */
  readonly origin = new SdpOrigin();

  readonly #logger: Logger;
  readonly #pcConfig: RTCConfiguration;
  readonly #rounds: GatheringRounds;
  readonly #ending = new AbortController();
  readonly #outage = new Outage();
  readonly #outbox: Outbox;
  readonly #codecs: Codecs;
  readonly #negotiation: Negotiation;
  readonly #check: DialogCheck;
  readonly #grace = new RingingGrace(() => {
    this.#terminate({ kind: 'transport' });
  });
  #intent: EndIntent | undefined;
  /** Inbound: it has been accepted here. */
  #isAnswering = false;
  #confirmed = false;
  /** Inbound: our 200 was on its way when the call ended. */
  #wasAnswered = false;
  /** Media has flowed at least once. */
  #wasConnected = false;
  /** The newest INVITE of the far end. */
  #invite: RawRequest | undefined;
  /** Our 200 had left before the loss, and may not have arrived. */
  #isAnswerInDoubt = false;

  constructor(raw: RawSession, context: SipSessionContext) {
    super();
    this.raw = raw;
    this.direction = raw.direction === 'incoming' ? 'inbound' : 'outbound';
    this.request = context.request;
    this.#logger = context.logger;
    this.#pcConfig = context.pcConfig;
    this.#outbox = context.outbox;
    this.#codecs = context.codecs;
    context.codecs.watch(raw);
    this.origin.watch(raw);
    const kinds = expectedKinds(context.pcConfig);
    this.#rounds = new GatheringRounds(kinds);
    keepTracksUntouched(raw);
    answerEvery2xx(raw);
    acknowledgeBeforeBye(raw);
    closeAfterUnusableAnswer(raw);
    this.#negotiation = new Negotiation({
      session: raw,
      expectedKinds: kinds,
      codecs: context.codecs,
      origin: this.origin,
      onDialogGone: () => {
        this.#terminate({ kind: 'gone', statusCode: STATUS_NO_DIALOG });
      },
      signal: this.#ending.signal,
    });
    this.#check = new DialogCheck({
      session: raw,
      negotiation: this.#negotiation,
      online: () => this.online(),
      isConfirmed: () => this.#confirmed,
      onGone: (statusCode) => {
        this.#terminate({ kind: 'gone', statusCode });
      },
      onSeen: () => {
        this.#grace.end();
      },
      signal: this.signal,
    });
    if (context.request) this.#noteInvite(context.request);
    interceptRequests(raw, (request) => {
      if (request.method === 'INVITE') this.#noteInvite(request);
      // Of a branch that another one has taken the place of.
      return request.method === 'CANCEL' && request.via_branch !== this.#invite?.via_branch;
    });
    // Last, to see requests first: an INVITE that replaces the call is no offer to negotiate about.
    refuseReferences(raw);
    if (raw.connection) this.#adopt(raw.connection);
    noteFailures(raw, {
      isConfirmed: () => this.#confirmed,
      wasConnected: () => this.#wasConnected,
      isUnanswered: () => this.#isUnanswered,
      note: (intent) => {
        this.#intent ??= intent;
      },
    });
    this.#listen();
  }

  /** Aborts when the session ends. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** RFC 3261 section 8.1.1.4. */
  get callId(): string {
    return this.raw._request.call_id;
  }

  get peerConnection(): RTCPeerConnection | undefined {
    return this.raw.connection ?? undefined;
  }

  /**
   * Answers an inbound INVITE. Resolves when the caller's ACK is here.
   *
   * @throws VoiceSDKError `CALL_CANCELED` when the caller was faster, `MEDIA_FAILED`.
   */
  answer(stream: MediaStream): Promise<void> {
    this.#isAnswering = true;
    // Whether the caller is still there is for the ACK to say.
    if (!this.#outage.isOn) this.#grace.end();
    return new Promise((resolve, reject) => {
      this.once('confirmed', resolve);
      this.once('ended', (end) => {
        reject(voiceError(end.errorCode ?? 'CALL_CANCELED', undefined, new Error(end.cause)));
      });
      try {
        this.raw.answer({
          mediaStream: stream,
          mediaConstraints: { audio: true, video: false },
          pcConfig: this.#pcConfig,
        });
      } catch (error) {
        // Thrown by the RTCPeerConnection constructor, for example over a TURN server without credentials.
        this.#logger.error('the call could not be answered', error);
        this.#terminate({ kind: 'internal', statusCode: 500 });
        reject(voiceError('MEDIA_FAILED', undefined, error));
      }
    });
  }

  /** Refuses an inbound INVITE with a final response. */
  reject(statusCode: number): void {
    this.#terminate({ kind: 'reject', statusCode });
  }

  /** CANCEL, BYE or a refusal, whichever the state asks for. */
  hangUp(kind: 'hangup' | 'destroyed' | 'media' = 'hangup'): void {
    this.#terminate({ kind });
  }

  /** Whether requests can be sent now. */
  get isOnline(): boolean {
    return !this.#outage.isOn;
  }

  /** Resolves when requests can be sent; rejects when the session ends first. */
  online(): Promise<void> {
    return this.#outage.over(this.signal);
  }

  /** Makes a new media path in place of one that broke. @throws see {@link Negotiation.offerDirection} */
  restartIce(): Promise<void> {
    return this.#negotiation.restartIce();
  }

  /**
   * Finds out whether the far end still knows the call, and ends the call when it does not (`remote`).
   *
   * @param hearing of the far end, on the media path; asked only where its absence could be for a moment
   */
  verify(hearing: Hearing): Promise<void> {
    return this.#check.verify(hearing);
  }

  /** Our half of hold (RFC 3264 section 8.4). @throws see {@link Negotiation.offerDirection} */
  setHold(on: boolean): Promise<void> {
    return this.#negotiation.offerDirection(on ? 'sendonly' : 'sendrecv');
  }

  /** Sends one digit by INFO (application/dtmf-relay). @throws VoiceSDKError `DTMF_FAILED`, `SIGNALING_LOST`. */
  sendInfoDigit(digit: string, durationMs: number): Promise<void> {
    if (this.#outage.isOn) return Promise.reject(voiceError('SIGNALING_LOST'));
    return untilAborted(sendInfoDigit(this.raw, digit, durationMs), this.signal);
  }

  /** For the user agent: each transaction that belongs to this dialog. */
  watchTransaction(transaction: RawTransaction): void {
    stopAfterCancel(this.raw, transaction, () => this.#intent?.kind === 'destroyed');
    keepRinging(this.raw, transaction);
    repeatBye(this.raw, transaction, this.#outbox);
    this.#negotiation.watch(transaction);
    this.emit('transaction', transaction);
  }

  /**
   * For the user agent: the socket is gone. The call stays: what is confirmed talks on, what rings rings on, an inbound
   * one for as long as its caller can be taken to wait.
   */
  onSocketLost(): void {
    if (!this.#outage.begin()) return;
    this.#isAnswerInDoubt = this.raw.status === SESSION_STATUS.waitingForAck;
    // It would end the call for an ACK that cannot come.
    stopTimer(this.raw._timers.ackTimer ?? undefined);
    if (!this.#confirmed) {
      // JsSIP would take the one that the proxy sends to our next connection for a loop, as it has the same number
      // (`===`); as an object it still reads the same in our answers.
      if (this.#invite) this.#invite.cseq = Object(this.#invite.cseq) as number;
      this.#grace.lost();
    }
    this.emit('lost');
  }

  /** For the user agent: requests can be sent, after a loss or for the first time. */
  onSocketRestored(): void {
    if (!this.#outage.end()) return;
    this.#grace.end();
    const { raw } = this;
    if (raw._dialog && raw.status !== SESSION_STATUS.waitingForAck) this.#negotiation.resume();
    else if (this.direction === 'outbound' && !raw._dialog) inviteAnew(raw);
    else this.#lookForInviter();
    this.emit('restored');
  }

  /** An INVITE has come, and no ACK yet: whether there is still somebody to answer. */
  #lookForInviter(): void {
    const { raw } = this;
    const isAnswered = raw.status === SESSION_STATUS.waitingForAck;
    if (isAnswered) {
      stopTimer(raw._timers.ackTimer ?? undefined);
      raw._setACKTimer();
    } else if (!this.#isAnswering) this.#grace.asked();
    // JsSIP has gone on to repeat a 200 into the void, ever more rarely. A caller whom no 180 has reached knows no
    // dialog that could be asked about.
    if (this.#invite && (this.#isAnswerInDoubt || !isAnswered)) repeatAnswer(this.#invite);
    void this.verify({ isSilent: () => this.#grace.isRunning, heardAgoMs: () => Infinity });
  }

  /** Whether the far end's INVITE still waits for our answer, or our answer for the ACK. */
  get owesAnswer(): boolean {
    return this.direction === 'inbound' && !this.#confirmed;
  }

  /** For the user agent: the INVITE of this call has come once more. */
  meetTwin(twin: RawSession, request: RawRequest): void {
    const isRinging = this.#isUnanswered;
    if (isRinging) {
      this.#noteInvite(request);
      this.#grace.end();
    }
    const isUnheard = this.#outage.hasBeen && this.raw.status === SESSION_STATUS.waitingForAck;
    meetTwin(this.raw, twin, request, isRinging ? 'ring' : isUnheard ? 'accept' : 'refuse');
  }

  #noteInvite(request: RawRequest): void {
    this.#invite = request;
    keepInviteOpen(request);
    holdBackAnswers(this.raw, request, { outage: this.#outage, outbox: this.#outbox });
    this.#check.noteAllow(request);
  }

  #terminate(intent: EndIntent): void {
    if (this.raw.isEnded()) return;
    const { raw } = this;
    if (this.#outage.isOn && this.direction === 'outbound' && !this.#confirmed) {
      const { transaction } = raw._request as RawInvite;
      const send = () => {
        withdraw(raw, transaction);
      };
      this.#outbox.add({ send });
    }
    this.#wasAnswered = this.direction === 'inbound' && this.raw.status === SESSION_STATUS.waitingForAck;
    this.#intent ??= this.#wasAnswered && intent.kind === 'reject' ? { kind: 'hangup' } : intent;
    const statusCode = 'statusCode' in intent ? intent.statusCode : STATUS_UNAVAILABLE;
    // RFC 3261 section 15 wants the ACK before the BYE, but nobody will be here any more when it comes.
    if (this.#wasAnswered && intent.kind === 'destroyed') this.raw._status = SESSION_STATUS.confirmed;
    try {
      this.raw.terminate(this.#isUnanswered ? { status_code: statusCode } : {});
    } catch (error) {
      this.#logger.debug('terminate was refused', error);
    }
  }

  /** Inbound, and no final response has been sent. */
  get #isUnanswered(): boolean {
    return this.direction === 'inbound' && this.raw.status < SESSION_STATUS.waitingForAck;
  }

  #adopt(connection: RTCPeerConnection): void {
    refuseVideo(connection);
    this.#codecs.adopt(connection);
    boundGathering(connection, this.signal);
    connection.addEventListener('connectionstatechange', () => {
      this.#wasConnected ||= connection.connectionState === 'connected';
    });
    new RemoteHold((isHeld) => {
      this.emit('remoteHold', isHeld);
    }).watch(connection);
  }

  #listen(): void {
    const { raw } = this;
    raw.on('sending', () => {
      this.emit('sending');
    });
    raw.on('progress', ({ response }: { response: RawResponse | null }) => {
      if (response)
        this.emit('progress', { statusCode: response.status_code, hasEarlyMedia: Boolean(response.body) });
    });
    raw.on('accepted', ({ response }: { response: RawResponse | null }) => {
      if (response) this.#check.noteAllow(response);
    });
    raw.on('confirmed', () => {
      this.#confirmed = true;
      this.#grace.end();
      if (this.direction === 'outbound') this.#negotiation.touch();
      this.emit('confirmed');
    });
    raw.on('icecandidate', (event: CandidateEvent) => {
      this.#rounds.add(event);
    });
    raw.on('peerconnection', ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      this.#adopt(peerconnection);
      this.emit('peerConnection', peerconnection);
    });
    const onEnd = ({ originator, message, cause }: RawEnd) => {
      if (this.signal.aborted) return;
      this.#rounds.cancel();
      this.#grace.end();
      this.#ending.abort(voiceError('INVALID_STATE', 'The call has ended.'));
      // Where the browser failed, JsSIP passes the words of its exception instead of a message.
      const end = { originator, message: typeof message === 'object' ? message : null, cause };
      this.emit('ended', classifyEnd(end, this.#intent, this.#confirmed || this.#wasAnswered));
    };
    raw.on('ended', onEnd);
    raw.on('failed', onEnd);
  }
}

import { untilAborted } from '../core/deadline';
import { TypedEmitter } from '../core/emitter';
import { voiceError } from '../core/errors';
import type { Logger } from '../core/logger';
import { classifyEnd, type EndIntent, type SipEnd } from './end-reason';
import { boundGathering, type CandidateKind, expectedKinds, GatheringRound } from './ice-gathering';
import {
  CAUSE,
  type RawEnd,
  type RawRequest,
  type RawResponse,
  type RawSession,
  type RawTransaction,
  SESSION_STATUS,
} from './jssip';
import { Negotiation } from './negotiation';
import { RemoteHold } from './remote-hold';
import {
  acknowledgeBeforeBye,
  answerEvery2xx,
  closeAfterUnusableAnswer,
  keepTracksUntouched,
  refuseReferences,
  refuseVideo,
  stopAfterCancel,
} from './session-guards';

// RFC 3261 section 21.4.18.
const STATUS_UNAVAILABLE = 480;

export type SipSessionEvents = {
  /** The INVITE is about to leave. */
  sending: [];
  /** A provisional response other than 100; `hasEarlyMedia` when it carried a session description. */
  progress: [progress: { readonly statusCode: number; readonly hasEarlyMedia: boolean }];
  /** The dialog is confirmed: 2xx and ACK were exchanged. */
  confirmed: [];
  /** Once, whatever the reason. */
  ended: [end: SipEnd];
  /** The far end put us on hold, or resumed. */
  remoteHold: [isHeld: boolean];
  /** The peer connection exists; nothing is negotiated yet. */
  peerConnection: [connection: RTCPeerConnection];
  /** A request begins in this dialog, either way. */
  transaction: [transaction: RawTransaction];
};

export interface SipSessionContext {
  readonly logger: Logger;
  readonly pcConfig: RTCConfiguration;
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

  readonly #logger: Logger;
  readonly #pcConfig: RTCConfiguration;
  readonly #expectedKinds: ReadonlySet<CandidateKind>;
  readonly #ending = new AbortController();
  readonly #negotiation: Negotiation;
  #intent: EndIntent | undefined;
  #confirmed = false;
  /** Inbound: our 200 was on its way when the call ended. */
  #wasAnswered = false;
  #round: { readonly ready: () => void; readonly policy: GatheringRound } | undefined;

  constructor(raw: RawSession, context: SipSessionContext) {
    super();
    this.raw = raw;
    this.direction = raw.direction === 'incoming' ? 'inbound' : 'outbound';
    this.request = context.request;
    this.#logger = context.logger;
    this.#pcConfig = context.pcConfig;
    this.#expectedKinds = expectedKinds(context.pcConfig);
    keepTracksUntouched(raw);
    answerEvery2xx(raw);
    acknowledgeBeforeBye(raw);
    closeAfterUnusableAnswer(raw);
    this.#negotiation = new Negotiation({
      session: raw,
      expectedKinds: this.#expectedKinds,
      onDialogGone: () => {
        this.#terminate({ kind: 'dialog' });
      },
      signal: this.#ending.signal,
    });
    // Last, to see requests first: an INVITE that replaces the call is no offer to negotiate about.
    refuseReferences(raw);
    if (raw.connection) this.#adopt(raw.connection);
    this.#noteFailures();
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

  /** Whether an inbound INVITE can become a call: an offer of audio, or none yet (RFC 3261 section 13.2.1). */
  get offersAudio(): boolean {
    const offer = this.request?.body ?? '';
    return offer === '' || /^m=audio [1-9]/m.test(offer);
  }

  /** Refuses an inbound INVITE with a final response. */
  reject(statusCode: number): void {
    this.#terminate({ kind: 'reject', statusCode });
  }

  /** CANCEL, BYE or a refusal, whichever the state asks for. */
  hangUp(kind: 'hangup' | 'destroyed' = 'hangup'): void {
    this.#terminate({ kind });
  }

  /** Our half of hold (RFC 3264 section 8.4). @throws see {@link Negotiation.offerDirection} */
  setHold(on: boolean): Promise<void> {
    return this.#negotiation.offerDirection(on ? 'sendonly' : 'sendrecv');
  }

  /** Sends one digit by INFO (application/dtmf-relay). @throws VoiceSDKError `DTMF_FAILED`, `SIGNALING_LOST`. */
  sendInfoDigit(digit: string, durationMs: number): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      const fail = (response: RawResponse) => {
        reject(voiceError('DTMF_FAILED', `The far end answered ${response.status_code} to the digit.`));
      };
      this.raw.sendRequest('INFO', {
        extraHeaders: ['Content-Type: application/dtmf-relay'],
        body: `Signal=${digit}\r\nDuration=${durationMs}\r\n`,
        eventHandlers: {
          onSuccessResponse: () => {
            resolve();
          },
          onErrorResponse: fail,
          onDialogError: fail,
          onTransportError: () => {
            reject(voiceError('SIGNALING_LOST'));
          },
          // JsSIP reports a 408 the same way.
          onRequestTimeout: () => {
            reject(voiceError('DTMF_FAILED', 'The far end did not answer to the digit.'));
          },
        },
      });
    });
    return untilAborted(answered, this.signal);
  }

  /** For the user agent: each transaction that belongs to this dialog. */
  watchTransaction(transaction: RawTransaction): void {
    stopAfterCancel(this.raw, transaction);
    this.#negotiation.watch(transaction);
    this.emit('transaction', transaction);
  }

  /** For the user agent: the socket is gone. An INVITE that nobody answered cannot be answered any more. */
  onSocketLost(): void {
    if (this.direction === 'inbound' && !this.#confirmed) this.#terminate({ kind: 'transport' });
  }

  /** For the user agent: registered again after a loss. */
  onSocketRestored(): void {
    this.#negotiation.resume();
  }

  #terminate(intent: EndIntent): void {
    if (this.raw.isEnded()) return;
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
    boundGathering(connection, this.signal);
    new RemoteHold((isHeld) => {
      this.emit('remoteHold', isHeld);
    }).watch(connection);
  }

  /** JsSIP reports most of its own reasons as `Canceled`; note them on their way in. */
  #noteFailures(): void {
    const note = (
      hook: 'onTransportError' | 'onRequestTimeout' | 'onDialogError',
      kind: 'transport' | 'timeout' | 'dialog',
    ) => {
      const original = this.raw[hook].bind(this.raw);
      this.raw[hook] = () => {
        this.#intent ??= { kind };
        original();
      };
    };
    note('onTransportError', 'transport');
    note('onRequestTimeout', 'timeout');
    note('onDialogError', 'dialog');
    const terminate = this.raw.terminate.bind(this.raw);
    this.raw.terminate = (options) => {
      if (options?.cause === CAUSE.rtpTimeout) this.#intent ??= { kind: 'media' };
      // JsSIP itself always gives a cause; without one it is somebody at the escape hatch.
      else if (options?.cause === undefined) this.#intent ??= this.#plainEnd(options?.status_code);
      terminate(options);
    };
  }

  #plainEnd(statusCode = STATUS_UNAVAILABLE): EndIntent {
    return this.#isUnanswered ? { kind: 'reject', statusCode } : { kind: 'hangup' };
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
    raw.on('confirmed', () => {
      this.#confirmed = true;
      this.emit('confirmed');
    });
    raw.on('icecandidate', ({ candidate, ready }: { candidate: RTCIceCandidate; ready: () => void }) => {
      if (this.#round?.ready !== ready) {
        this.#round?.policy.cancel();
        this.#round = { ready, policy: new GatheringRound(this.#expectedKinds, ready) };
      }
      this.#round.policy.add(candidate);
    });
    raw.on('peerconnection', ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      this.#adopt(peerconnection);
      this.emit('peerConnection', peerconnection);
    });
    const onEnd = ({ originator, message, cause }: RawEnd) => {
      if (this.signal.aborted) return;
      this.#round?.policy.cancel();
      this.#ending.abort(voiceError('INVALID_STATE', 'The call has ended.'));
      // Where the browser failed, JsSIP passes the words of its exception instead of a message.
      const end = { originator, message: typeof message === 'object' ? message : null, cause };
      this.emit('ended', classifyEnd(end, this.#intent, this.#confirmed || this.#wasAnswered));
    };
    raw.on('ended', onEnd);
    raw.on('failed', onEnd);
  }
}

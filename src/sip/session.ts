import { TypedEmitter } from '../core/emitter';
import { voiceError } from '../core/errors';
import type { Logger } from '../core/logger';
import { classifyEnd, type EndIntent, type SipEnd } from './end-reason';
import { type CandidateKind, expectedKinds, GatheringRound } from './ice-gathering';
import {
  CAUSE,
  type RawEnd,
  type RawRequest,
  type RawResponse,
  type RawSession,
  type RawTransaction,
} from './jssip';
import { Negotiation } from './negotiation';
import {
  acknowledgeBeforeBye,
  answerEvery2xx,
  closeAfterUnusableAnswer,
  keepTracksUntouched,
  refuseReferences,
  refuseVideo,
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
};

export interface SipSessionContext {
  readonly logger: Logger;
  readonly iceServers: readonly RTCIceServer[];
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
  readonly #iceServers: readonly RTCIceServer[];
  readonly #expectedKinds: ReadonlySet<CandidateKind>;
  readonly #ending = new AbortController();
  readonly #negotiation: Negotiation;
  #intent: EndIntent | undefined;
  #confirmed = false;
  #round: { readonly ready: () => void; readonly policy: GatheringRound } | undefined;

  constructor(raw: RawSession, context: SipSessionContext) {
    super();
    this.raw = raw;
    this.direction = raw.direction === 'incoming' ? 'inbound' : 'outbound';
    this.request = context.request;
    this.#logger = context.logger;
    this.#iceServers = context.iceServers;
    this.#expectedKinds = expectedKinds(context.iceServers);
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
    if (raw.connection) refuseVideo(raw.connection);
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

  get isConfirmed(): boolean {
    return this.#confirmed;
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
          pcConfig: { iceServers: [...this.#iceServers] },
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
  hangUp(kind: 'hangup' | 'destroyed' | 'media' = 'hangup'): void {
    this.#terminate({ kind });
  }

  /** Our half of hold (RFC 3264 section 8.4). @throws see {@link Negotiation.offerDirection} */
  setHold(on: boolean): Promise<void> {
    return this.#negotiation.offerDirection(on ? 'sendonly' : 'sendrecv');
  }

  /** Sends one digit by INFO (application/dtmf-relay). @throws VoiceSDKError `DTMF_FAILED`, `SIGNALING_LOST`. */
  sendInfoDigit(digit: string, durationMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (response: RawResponse) => {
        reject(voiceError('DTMF_FAILED', `The far end answered ${response.status_code} to the digit.`));
      };
      const lost = () => {
        reject(voiceError('SIGNALING_LOST'));
      };
      this.signal.addEventListener('abort', () => {
        reject(voiceError('INVALID_STATE', 'The call has ended.'));
      });
      this.raw.sendRequest('INFO', {
        extraHeaders: ['Content-Type: application/dtmf-relay'],
        body: `Signal=${digit}\r\nDuration=${durationMs}\r\n`,
        eventHandlers: {
          onSuccessResponse: () => {
            resolve();
          },
          onErrorResponse: fail,
          onDialogError: fail,
          onTransportError: lost,
          // JsSIP reports a 408 the same way.
          onRequestTimeout: () => {
            reject(voiceError('DTMF_FAILED', 'The far end did not answer to the digit.'));
          },
        },
      });
    });
  }

  /** For the user agent: each transaction that belongs to this dialog. */
  watchTransaction(transaction: RawTransaction): void {
    this.#negotiation.watch(transaction);
  }

  /** For the user agent: the socket is gone. An INVITE that nobody answered cannot be answered any more. */
  onSocketLost(): void {
    if (this.direction === 'inbound' && !this.#confirmed) this.#terminate({ kind: 'transport' });
  }

  #terminate(intent: EndIntent): void {
    if (this.raw.isEnded()) return;
    this.#intent ??= intent;
    const statusCode = 'statusCode' in intent ? intent.statusCode : STATUS_UNAVAILABLE;
    const isRinging = this.direction === 'inbound' && !this.#confirmed;
    try {
      this.raw.terminate(isRinging ? { status_code: statusCode } : {});
    } catch (error) {
      this.#logger.debug('terminate was refused', error);
    }
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
    const isRefusal = this.direction === 'inbound' && !this.#confirmed;
    return isRefusal ? { kind: 'reject', statusCode } : { kind: 'hangup' };
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
    raw.on('hold', ({ originator }: { originator: string }) => {
      if (originator === 'remote') this.emit('remoteHold', true);
    });
    raw.on('unhold', ({ originator }: { originator: string }) => {
      if (originator === 'remote') this.emit('remoteHold', false);
    });
    raw.on('icecandidate', ({ candidate, ready }: { candidate: RTCIceCandidate; ready: () => void }) => {
      if (this.#round?.ready !== ready) {
        this.#round?.policy.cancel();
        this.#round = { ready, policy: new GatheringRound(this.#expectedKinds, ready) };
      }
      this.#round.policy.add(candidate);
    });
    raw.on('peerconnection', ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      refuseVideo(peerconnection);
      this.emit('peerConnection', peerconnection);
    });
    const onEnd = (end: RawEnd) => {
      if (this.signal.aborted) return;
      this.#round?.policy.cancel();
      this.#ending.abort(voiceError('INVALID_STATE', 'The call has ended.'));
      this.emit('ended', classifyEnd(end, this.#intent, this.#confirmed));
    };
    raw.on('ended', onEnd);
    raw.on('failed', onEnd);
  }
}

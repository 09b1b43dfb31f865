import { delay, untilAborted } from '../core/deadline';
import { monotonicMs, random, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { voiceError } from '../core/errors';
import { SerialQueue } from '../core/serial-queue';
import type { Codecs } from './codecs';
import { sipFailure } from './end-reason';
import { type CandidateKind, gathered } from './ice-gathering';
import {
  type RawResponse,
  type RawSession,
  type RawTransaction,
  SESSION_STATUS,
  TRANSACTION_STATE,
} from './jssip';
import type { SdpOrigin } from './sdp-origin';
import { interceptRequests, isOffer } from './session-guards';

/** 64*T1, RFC 3261 section 17.1.1.1: after this a transaction without an answer is over. */
const ANSWER_TIMEOUT_MS = 32_000;
/** The same, section 9.1: a cancelled INVITE without an answer is over as well. */
const CANCELLED_FOR_MS = 32_000;
/** Half of T1 (RFC 3261 section 17.1.1.1), which is an estimate of the round trip. */
const ACK_TRAVELS_MS = 250;
/** The far end waits 64*T1 for an ACK; and the loss may have come to light late. */
const DOUBTFUL_FOR_MS = 60_000;
/** How long a re-INVITE of the far end may keep ours waiting. */
const TURN_TIMEOUT_MS = 10_000;
/** A far end that answers 491 this often is not going to let us through. */
const MOST_ATTEMPTS = 5;

const STATUS_REQUEST_PENDING = 491;
/** Of a JsSIP (3.13) that waits for the ACK of the offer before. */
const STATUS_WAITS_IN_JSSIP = 403;
/** What a far end may say that does: 500 by RFC 3261 section 14.2. */
const WAITS_FOR_ACK: ReadonlySet<number> = new Set([STATUS_WAITS_IN_JSSIP, STATUS_REQUEST_PENDING, 500]);

type Outcome =
  | { readonly kind: 'answer'; readonly sdp: string }
  | { readonly kind: 'refused'; readonly response: RawResponse }
  | { readonly kind: 'lost' | 'timeout' | 'gone' };

type Refusal = Exclude<Outcome, { readonly kind: 'answer' }>;

export interface NegotiationOptions {
  readonly session: RawSession;
  /** Kinds of candidate worth waiting for. */
  readonly expectedKinds: ReadonlySet<CandidateKind>;
  readonly codecs: Codecs;
  readonly origin: SdpOrigin;
  /** The far end says that the dialog does not exist (481): the call is over. */
  readonly onDialogGone: () => void;
  /** Aborts when the call ends. */
  readonly signal: AbortSignal;
}

/**
 * Our side of re-INVITE (RFC 3261 section 14), one at a time. JsSIP's own `hold()` reports success before the
 * far end has answered, ends the call when it is refused, and repeats a 491 with the old CSeq; so the offer is
 * made, sent, answered and if need be rolled back here. While it is under way the far end's own offers get 491.
 */
export class Negotiation {
  readonly #session: RawSession;
  readonly #options: NegotiationOptions;
  readonly #queue = new SerialQueue();
  #direction: 'sendrecv' | 'sendonly' = 'sendrecv';
  #active = false;
  /** Of our newest offer. */
  #transaction: RawTransaction | undefined;
  /** When our newest INVITE was sent or answered. */
  #invitedAtMs = -Infinity;
  /** Of an INVITE whose 200 or ACK may have been lost with the connection. */
  #doubt: { readonly cseq: number; readonly untilMs: number } | undefined;
  #onTurn: (() => void) | undefined;
  #onGlare: ((response: RawResponse) => void) | undefined;

  constructor(options: NegotiationOptions) {
    this.#session = options.session;
    this.#options = options;
    interceptRequests(this.#session, (request) => {
      if (isOffer(request)) {
        if (this.#active) {
          // JsSIP has answered 491 itself when our INVITE is out, but would then apply the offer all the same.
          if (this.#session._dialog?.uac_pending_reply !== true) request.reply(STATUS_REQUEST_PENDING);
          return true;
        }
        request.server_transaction.on('stateChanged', () => this.#onTurn?.());
      } else if (request.method === 'ACK') {
        // JsSIP leaves its waiting state inside this very call, and applies an answer in the ACK after it.
        queueMicrotask(() => {
          this.#lookAfterQueue();
        });
      }
      return false;
    });
  }

  /**
   * Offers a direction for our audio and resolves when the far end has agreed.
   *
   * @throws VoiceSDKError `HOLD_FAILED` (cause: the SIP answer), `SIGNALING_LOST`, `CALL_TIMEOUT`; the audio then
   * is as it was before.
   */
  offerDirection(direction: 'sendrecv' | 'sendonly'): Promise<void> {
    return this.#offer(direction, false);
  }

  /** Offers new ICE credentials and candidates (RFC 8445 section 9), in the direction that holds. @throws as above */
  restartIce(): Promise<void> {
    return this.#offer(undefined, true);
  }

  /** Offers once more what holds; our Contact goes with it. @throws as above */
  restate(): Promise<void> {
    return this.#offer(undefined, false);
  }

  #offer(direction: 'sendrecv' | 'sendonly' | undefined, iceRestart: boolean): Promise<void> {
    return this.#queue.run(async () => {
      for (let attempt = 1; ; attempt += 1) {
        await this.#turn();
        const outcome = await this.#exchange(direction ?? this.#direction, iceRestart);
        if (outcome === undefined) return;
        const status = outcome.kind === 'refused' ? outcome.response.status_code : 0;
        const wasDoubtful = WAITS_FOR_ACK.has(status) && this.#resolveDoubt(status);
        if ((wasDoubtful || status === STATUS_REQUEST_PENDING) && attempt < MOST_ATTEMPTS) {
          await delay(wasDoubtful ? ACK_TRAVELS_MS : this.#glareDelayMs(), this.#options.signal);
          continue;
        }
        throw this.#failure(outcome);
      }
    });
  }

  /** To be called when our INVITE was answered by a 2xx. */
  touch(): void {
    this.#invitedAtMs = monotonicMs();
  }

  /**
   * To be called when requests can be sent again. A far end whose 200, or our ACK to it, was lost waits for the ACK and
   * would end the call (RFC 3261 section 13.3.1.4); every other one ignores it.
   */
  resume(): void {
    const cseq = this.#session._dialog?._outgoing_ack_seqnum;
    if (typeof cseq !== 'number' || monotonicMs() - this.#invitedAtMs >= DOUBTFUL_FOR_MS) return;
    this.#acknowledge({ cseq });
    this.#doubt = { cseq, untilMs: this.#invitedAtMs + DOUBTFUL_FOR_MS };
  }

  /**
   * A far end that refuses our next offer may have answered the doubtful one only after it was acknowledged, and waits: it is
   * told again with each refusal, for the answer may still be to come. Returns whether it was told.
   */
  #resolveDoubt(status: number): boolean {
    const doubt = this.#doubt;
    if (!doubt || monotonicMs() >= doubt.untilMs) return false;
    this.#acknowledge(doubt);
    // JsSIP drops an ACK numbered below the INVITE that it refused, and takes that of this one for the one it waits for.
    const cseq = this.#session._dialog?._outgoing_ack_seqnum;
    if (status === STATUS_WAITS_IN_JSSIP && typeof cseq === 'number') this.#acknowledge({ cseq });
    return true;
  }

  /**
   * To be told of every client transaction of the session. JsSIP would swallow a 491 and repeat the same offer
   * after a second with a CSeq header that the far end has seen already.
   */
  watch(transaction: RawTransaction): void {
    if (transaction.type !== 'ict') return;
    this.touch();
    if (!this.#active) return;
    this.#transaction = transaction;
    const handlers = transaction.eventHandlers;
    const original = handlers.onReceiveResponse.bind(handlers);
    handlers.onReceiveResponse = (response) => {
      if (response.status_code === STATUS_REQUEST_PENDING) this.#onGlare?.(response);
      else original(response);
    };
  }

  /** RFC 3261 section 14.1: the owner of the Call-ID waits 2.1 to 4 s, the other one 0 to 2 s, in steps of 10 ms. */
  #glareDelayMs(): number {
    const [fromMs, toMs] = this.#session.direction === 'outgoing' ? [2_100, 4_000] : [0, 2_000];
    return fromMs + 10 * Math.floor((random() * (toMs - fromMs)) / 10);
  }

  /** Waits until no exchange of the far end is open. */
  #turn(): Promise<void> {
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        stopTimer(timer);
        signal.removeEventListener('abort', onAbort);
        this.#onTurn = undefined;
        if (error) reject(error);
        else resolve();
      };
      const onAbort = () => {
        settle(asError(signal.reason));
      };
      const timer: TimerHandle = startTimer(TURN_TIMEOUT_MS, () => {
        settle(voiceError('HOLD_FAILED', 'Another change of the session did not come to an end.'));
      });
      this.#onTurn = () => {
        if (signal.aborted) onAbort();
        else if (this.#isQuiet()) settle();
      };
      signal.addEventListener('abort', onAbort);
      this.#lookAfterQueue();
    });
  }

  /** JsSIP queues the handling of the far end's offers; being last in that queue means they are done. */
  #lookAfterQueue(): void {
    const look = () => this.#onTurn?.();
    void this.#session._connectionPromiseQueue.then(look, look);
  }

  #isQuiet(): boolean {
    const dialog = this.#session._dialog;
    return (
      this.#session.status === SESSION_STATUS.confirmed &&
      dialog !== undefined &&
      dialog !== null &&
      !dialog.uac_pending_reply &&
      !dialog.uas_pending_reply &&
      this.#session.connection?.signalingState === 'stable'
    );
  }

  /** One offer and its answer; undefined when the far end agreed. On anything else the offer is rolled back. */
  async #exchange(direction: 'sendrecv' | 'sendonly', iceRestart: boolean): Promise<Refusal | undefined> {
    const connection = this.#session.connection;
    if (!connection) throw voiceError('INVALID_STATE', 'The call has no media session.');
    const transceivers = connection
      .getTransceivers()
      .filter(({ receiver, direction: current }) => receiver.track.kind === 'audio' && current !== 'stopped');
    const before = transceivers.map((transceiver) => transceiver.direction);
    this.#active = true;
    try {
      for (const transceiver of transceivers) transceiver.direction = direction;
      // WebRTC section 4.4.1.2: what a connection is doing when it is closed never settles.
      const { signal, codecs, origin } = this.#options;
      const offer = await untilAborted(connection.createOffer({ iceRestart }), signal);
      const untilGathered = () => gathered(connection, this.#options.expectedKinds, signal, iceRestart);
      // Before an ICE restart takes effect there are the candidates of the former path.
      const isGathered = iceRestart ? untilGathered() : undefined;
      await untilAborted(Promise.all([connection.setLocalDescription(offer), isGathered]), signal);
      if (!iceRestart) await untilGathered();
      const outcome = await this.#send(origin.stamp(codecs.describe(connection.localDescription?.sdp ?? '')));
      if (outcome.kind === 'answer') {
        const sdp = codecs.describe(outcome.sdp);
        await untilAborted(connection.setRemoteDescription({ type: 'answer', sdp }), signal);
        this.#direction = direction;
        return undefined;
      }
      await this.#rollBack(connection, transceivers, before);
      return outcome;
    } catch (error) {
      await this.#rollBack(connection, transceivers, before);
      this.#options.signal.throwIfAborted();
      throw voiceError('HOLD_FAILED', 'The browser or the far end could not agree on the change.', error);
    } finally {
      this.#active = false;
    }
  }

  #send(sdp: string): Promise<Outcome> {
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      let settled: Outcome | undefined;
      let isLate = false;
      const settle = (outcome: Outcome) => {
        if (settled) return;
        settled = outcome;
        this.#onGlare = undefined;
        stopTimer(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      this.#onGlare = (response) => {
        settle({ kind: 'refused', response });
      };
      const onAbort = () => {
        stopTimer(timer);
        reject(asError(signal.reason));
      };
      const timer = startTimer(ANSWER_TIMEOUT_MS, () => {
        settle({ kind: 'timeout' });
        this.#withdraw();
      });
      signal.addEventListener('abort', onAbort, { once: true });
      this.#session.sendRequest('INVITE', {
        extraHeaders: [`Contact: ${this.#session.contact}`, 'Content-Type: application/sdp'],
        body: sdp,
        eventHandlers: {
          onSuccessResponse: (response) => {
            // Also for retransmissions: RFC 3261 section 13.2.2.4.
            this.touch();
            this.#doubt = undefined;
            this.#acknowledge(response);
            // The far end changed the session after we had given up and rolled back: say again where we stand.
            if (settled?.kind === 'timeout' && !isLate) {
              isLate = true;
              // Should it fail as well, the next hold or resume settles it.
              void this.restate().catch(() => undefined);
            }
            if (response.body) settle({ kind: 'answer', sdp: response.body });
            else settle({ kind: 'refused', response });
          },
          onErrorResponse: (response) => {
            settle({ kind: 'refused', response });
          },
          onDialogError: (response) => {
            settle(response.status_code === 481 ? { kind: 'gone' } : { kind: 'refused', response });
          },
          onTransportError: () => {
            settle({ kind: 'lost' });
          },
          onRequestTimeout: () => {
            settle({ kind: 'timeout' });
          },
        },
      });
    });
  }

  /** An offer that a proxy has taken (100) and nobody answers: no further one may be sent before it has an end. */
  #withdraw(): void {
    const transaction = this.#transaction;
    if (transaction?.state !== TRANSACTION_STATE.proceeding) return;
    transaction.cancel?.();
    delay(CANCELLED_FOR_MS, this.#options.signal).then(
      () => {
        if (transaction.state === TRANSACTION_STATE.proceeding) transaction.onTransportError();
      },
      // The call has ended.
      () => undefined,
    );
  }

  /** JsSIP acknowledges with the CSeq of the newest INVITE, which a late or repeated 200 does not answer. */
  #acknowledge({ cseq }: { readonly cseq: number }): void {
    const dialog = this.#session._dialog;
    if (!dialog) return;
    const newest = dialog._outgoing_ack_seqnum;
    dialog._outgoing_ack_seqnum = cseq;
    dialog.sendRequest('ACK');
    dialog._outgoing_ack_seqnum = newest;
  }

  async #rollBack(
    connection: RTCPeerConnection,
    transceivers: readonly RTCRtpTransceiver[],
    before: readonly RTCRtpTransceiverDirection[],
  ): Promise<void> {
    try {
      if (connection.signalingState === 'have-local-offer')
        await connection.setLocalDescription({ type: 'rollback' });
      transceivers.forEach((transceiver, index) => {
        transceiver.direction = before[index] ?? 'sendrecv';
      });
    } catch {
      // The connection was closed meanwhile: there is nothing left to restore.
    }
  }

  #failure(outcome: Refusal): Error {
    switch (outcome.kind) {
      case 'refused': {
        const { statusCode, reasonPhrase } = sipFailure(outcome.response);
        return voiceError(
          'HOLD_FAILED',
          `The far end answered ${statusCode} ${reasonPhrase}.`,
          sipFailure(outcome.response),
        );
      }
      case 'lost':
        return voiceError('SIGNALING_LOST');
      case 'timeout':
        return voiceError('CALL_TIMEOUT');
      case 'gone':
        this.#options.onDialogGone();
        return voiceError('HOLD_FAILED', 'The far end no longer knows this call.');
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}

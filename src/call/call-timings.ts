import { monotonicMs, nowMs, randomUuid, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { Disposer } from '../core/disposer';
import { Timeline } from '../core/timeline';
import type { RemoteAudio } from '../media/remote-audio';
import { packetsReceived } from '../quality/packets';
import { watchInviteAnswers } from '../sip/invite-answers';
import type { SipSession } from '../sip/session';
import type { CallAudio } from './call-audio';

/**
 * How long each step of setting up one call took: milliseconds since it began, on a clock that never jumps; null for
 * what has not happened (yet). Plain data: `JSON.stringify()` keeps all of it.
 *
 * Each moment is also a mark of the page's performance timeline (W3C User Timing): `voice-sdk:<id>:start`,
 * `voice-sdk:<id>:inviteSent` and so on, and from the start to the first audio there is the measure
 * `voice-sdk:<id>:setup`. Those of the newest 20 calls are kept.
 */
export interface CallTimings {
  /** Names the call in the performance timeline. Random. */
  readonly id: string;
  /** When it began: `connect()` was called, or the INVITE came in. A recovered call begins when it is taken up. */
  readonly startedAt: Date;
  /** The microphone is open; on a cold start the longest step, with the browser's prompt in it. */
  readonly microphoneOpenedMs: number | null;
  /** The browser has made the offer (outbound) or the answer (inbound; RFC 3264). */
  readonly descriptionCreatedMs: number | null;
  /** The browser has all ICE candidates. Often after `inviteSentMs`: the SDK does not wait for slow servers. */
  readonly gatheringCompleteMs: number | null;
  /** Outbound: the INVITE left. */
  readonly inviteSentMs: number | null;
  /** Outbound: the server's first answer to it, a 100 or a request for credentials included. */
  readonly firstResponseMs: number | null;
  /** The far end rings (a 1xx but 100); inbound: this phone rings. */
  readonly ringingMs: number | null;
  /** Inbound: `accept()` was called. */
  readonly acceptPressedMs: number | null;
  /** The 200 came (outbound) or was sent (inbound). */
  readonly answeredMs: number | null;
  /** The ACK was sent (outbound) or came (inbound): the `accepted` event. */
  readonly acknowledgedMs: number | null;
  /** ICE has found a path (W3C WebRTC, `iceConnectionState`). */
  readonly iceConnectedMs: number | null;
  /** The keys of the media are agreed on as well (DTLS; W3C WebRTC, `connectionState`). */
  readonly dtlsConnectedMs: number | null;
  /** The first audio packet of the far end was counted; up to 50 ms late. */
  readonly firstPacketMs: number | null;
  /** Packets come and the browser plays them: the agent hears the far end, also before the answer (early media). */
  readonly firstAudioMs: number | null;
}

/** The timings in a {@link CallReport}. */
export interface ReportedTimings extends Omit<CallTimings, 'startedAt'> {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** A moment of setup, as its mark is called. */
export type SetupMark = keyof CallTimings extends infer K ? (K extends `${infer M}Ms` ? M : never) : never;

const NOTHING: Readonly<Record<`${SetupMark}Ms`, null>> = {
  microphoneOpenedMs: null,
  descriptionCreatedMs: null,
  gatheringCompleteMs: null,
  inviteSentMs: null,
  firstResponseMs: null,
  ringingMs: null,
  acceptPressedMs: null,
  answeredMs: null,
  acknowledgedMs: null,
  iceConnectedMs: null,
  dtlsConnectedMs: null,
  firstPacketMs: null,
  firstAudioMs: null,
};

/** How often packets are counted until the first is there: Chromium keeps a report for 50 ms. */
const COUNT_STEP_MS = 50;
/** A far end that has been silent for this long is looked at more rarely, and then not any more. */
const PATIENCE_MS = 2_000;
const SLOW_STEP_MS = 500;
const GIVE_UP_MS = 30_000;

export interface SetupClockOptions {
  readonly session: SipSession;
  readonly audio: CallAudio;
  readonly remoteAudio: RemoteAudio;
  /** On the monotonic clock. Default: now. */
  readonly startedAtMs?: number | undefined;
}

/** Takes the time of one call's setup, from what its parts tell. */
export class SetupClock {
  readonly #startedAtMs: number;
  readonly #timeline: Timeline;
  readonly #disposer = new Disposer();
  #timings: CallTimings;
  #timer: TimerHandle | undefined;
  #isPlaying = false;

  constructor({ session, audio, remoteAudio, startedAtMs = monotonicMs() }: SetupClockOptions) {
    const id = randomUuid();
    const agoMs = monotonicMs() - startedAtMs;
    this.#startedAtMs = startedAtMs;
    this.#timings = Object.freeze({ id, startedAt: new Date(nowMs() - agoMs), ...NOTHING });
    this.#timeline = new Timeline(`voice-sdk:${id}:`);
    this.#timeline.mark('start', startedAtMs);
    if (session.direction === 'inbound') this.mark('ringing');
    this.#watchSession(session);
    audio.on('changed', () => {
      if (audio.input.track) this.mark('microphoneOpened');
    });
    remoteAudio.on('playing', () => {
      this.#isPlaying = true;
      this.#checkAudio();
    });
    session.once('ended', () => {
      this.#disposer.dispose();
      stopTimer(this.#timer);
    });
  }

  /** As of now. */
  get timings(): CallTimings {
    return this.#timings;
  }

  /** Takes the time of a moment; the first time counts. */
  mark(name: SetupMark): void {
    const key = `${name}Ms` as const;
    if (this.#disposer.disposed || this.#timings[key] !== null) return;
    const nowAtMs = monotonicMs();
    // A tenth of a millisecond is what browsers give to pages that are not isolated.
    const sinceMs = Math.round((nowAtMs - this.#startedAtMs) * 10) / 10;
    this.#timings = Object.freeze({ ...this.#timings, [key]: sinceMs });
    this.#timeline.mark(name, nowAtMs);
  }

  #watchSession(session: SipSession): void {
    session.on('sending', () => {
      this.mark('inviteSent');
    });
    watchInviteAnswers(session, {
      onResponse: () => {
        this.mark('firstResponse');
      },
      onAccepted: () => {
        this.mark('answered');
      },
    });
    session.on('progress', () => {
      this.mark('ringing');
    });
    session.on('confirmed', () => {
      this.mark('acknowledged');
    });
    if (session.peerConnection) this.#watchConnection(session.peerConnection);
    session.on('peerConnection', (connection) => {
      this.#watchConnection(connection);
    });
  }

  #watchConnection(connection: RTCPeerConnection): void {
    const listen = (type: string, listener: () => void) => {
      this.#disposer.listen(connection, type, listener);
    };
    listen('signalingstatechange', () => {
      if (connection.localDescription) this.mark('descriptionCreated');
    });
    listen('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') this.mark('gatheringComplete');
    });
    listen('iceconnectionstatechange', () => {
      if (['connected', 'completed'].includes(connection.iceConnectionState)) this.mark('iceConnected');
    });
    listen('connectionstatechange', () => {
      if (connection.connectionState !== 'connected' || this.#timings.dtlsConnectedMs !== null) return;
      this.mark('dtlsConnected');
      this.#countPackets(connection, monotonicMs());
    });
  }

  #countPackets(connection: RTCPeerConnection, sinceMs: number): void {
    const look = async () => {
      const packets = await packetsReceived(connection).catch(() => undefined);
      if (this.#disposer.disposed) return;
      if (packets) {
        this.mark('firstPacket');
        this.#checkAudio();
        return;
      }
      const waitedMs = monotonicMs() - sinceMs;
      if (waitedMs > GIVE_UP_MS) return;
      this.#timer = startTimer(waitedMs > PATIENCE_MS ? SLOW_STEP_MS : COUNT_STEP_MS, () => void look());
    };
    void look();
  }

  #checkAudio(): void {
    if (!this.#isPlaying || this.#timings.firstPacketMs === null || this.#timings.firstAudioMs !== null)
      return;
    this.mark('firstAudio');
    this.#timeline.measure('setup', this.#startedAtMs);
  }
}

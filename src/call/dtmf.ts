import { startTimer, stopTimer } from '../core/clock';
import { delay, withDeadline } from '../core/deadline';
import { voiceError } from '../core/errors';
import { SerialQueue } from '../core/serial-queue';

/** RFC 4733 section 2.5.1.1 recommends no length; 100 ms with a 70 ms gap is the default of W3C insertDTMF. */
const TONE_MS = 100;
const GAP_MS = 70;
/** W3C WebRTC: a comma in insertDTMF is a pause of 2 s. */
const PAUSE_MS = 2_000;
/** Not from a standard: what a busy browser may be late with one playout. */
const PLAYOUT_SLACK_MS = 2_000;
/** An INFO carries one digit; gateways play it out, so leave room between two (the gap that JsSIP measured as safe). */
const INFO_GAP_MS = 500;

/** Connectivity checks and a DTLS handshake over a bad link, each with its retransmissions. */
const MEDIA_TIMEOUT_MS = 10_000;

/** How often, and for how long, to look whether a connected sender takes digits. */
const READY_STEP_MS = 20;
const READY_TIMEOUT_MS = 2_000;

export interface DtmfOptions {
  readonly connection: () => RTCPeerConnection | undefined;
  readonly sendInfoDigit: (digit: string, durationMs: number) => Promise<void>;
  /** One digit goes out now. */
  readonly onDigit?: ((digit: string) => void) | undefined;
  /** Aborts when the call ends; its reason is what pending digits reject with. */
  readonly signal: AbortSignal;
}

/** Sends digits of one call in order. */
export class Dtmf {
  readonly #options: DtmfOptions;
  readonly #queue = new SerialQueue();

  constructor(options: DtmfOptions) {
    this.#options = options;
  }

  /** @throws VoiceSDKError `INVALID_ARGUMENT`, `DTMF_FAILED`, `SIGNALING_LOST`, or the signal's reason. */
  async send(digits: unknown): Promise<void> {
    if (typeof digits !== 'string' || !/^[\d*#A-D,]{1,256}$/i.test(digits)) {
      throw voiceError('INVALID_ARGUMENT', 'Digits are 1 to 256 of 0-9 * # A-D, with commas as pauses.');
    }
    await this.#queue.run(async () => {
      this.#options.signal.throwIfAborted();
      const connection = this.#options.connection();
      if (!connection) throw voiceError('DTMF_FAILED');
      if (takesTelephoneEvents(connection)) await this.#sendEvents(connection, digits.toUpperCase());
      else await this.#sendInfos(digits.toUpperCase());
    });
  }

  async #sendEvents(connection: RTCPeerConnection, digits: string): Promise<void> {
    await mediaPathUp(connection, this.#options.signal);
    const sender = await this.#readySender(connection);
    // Not while the far end holds the call: nothing is sent towards it then.
    if (!sender) throw voiceError('DTMF_FAILED', 'No audio is being sent to the far end now.');
    const { signal } = this.#options;
    await new Promise<void>((resolve, reject) => {
      // W3C WebRTC section 7.2: playing out ends without an event when the far end puts the call on hold.
      const timer = startTimer(playoutMs(digits) + PLAYOUT_SLACK_MS, () => {
        stop();
        reject(voiceError('DTMF_FAILED', 'Not all digits could be sent.'));
      });
      const stop = () => {
        stopTimer(timer);
        sender.removeEventListener('tonechange', onToneChange);
        signal.removeEventListener('abort', onAbort);
      };
      const onToneChange = ({ tone }: RTCDTMFToneChangeEvent) => {
        if (tone !== '') {
          this.#options.onDigit?.(tone);
          return;
        }
        stop();
        resolve();
      };
      const onAbort = () => {
        stop();
        reject(signal.reason as Error);
      };
      sender.addEventListener('tonechange', onToneChange);
      signal.addEventListener('abort', onAbort);
      try {
        sender.insertDTMF(digits, TONE_MS, GAP_MS);
      } catch (error) {
        stop();
        reject(voiceError('DTMF_FAILED', undefined, error));
      }
    });
  }

  /**
   * The sender once it takes digits. Chromium says that the connection is up a moment before its sender is ready, and
   * no event tells when it is (seen on a busy machine).
   */
  async #readySender(connection: RTCPeerConnection): Promise<RTCDTMFSender | undefined> {
    for (let waitedMs = 0; ; waitedMs += READY_STEP_MS) {
      const transceiver = connection.getTransceivers().find(({ sender }) => sender.track?.kind === 'audio');
      const dtmf = transceiver?.sender.dtmf;
      if (dtmf?.canInsertDTMF === true) return dtmf;
      const sends = /^send/.test(transceiver?.currentDirection ?? '');
      if (!dtmf || !sends || waitedMs >= READY_TIMEOUT_MS) return undefined;
      await delay(READY_STEP_MS, this.#options.signal);
    }
  }

  async #sendInfos(digits: string): Promise<void> {
    for (const digit of digits) {
      if (digit === ',') {
        await delay(PAUSE_MS, this.#options.signal);
        continue;
      }
      this.#options.onDigit?.(digit);
      await this.#options.sendInfoDigit(digit, TONE_MS);
      await delay(INFO_GAP_MS, this.#options.signal);
    }
  }
}

/** Right after the answer ICE and DTLS are still at work, and W3C insertDTMF refuses until they are done. */
function mediaPathUp(connection: RTCPeerConnection, signal: AbortSignal): Promise<void> {
  const isUp = () => connection.connectionState !== 'new' && connection.connectionState !== 'connecting';
  if (isUp()) return Promise.resolve();
  let stop: () => void = () => undefined;
  const up = new Promise<void>((resolve, reject) => {
    const onChange = () => {
      if (isUp()) resolve();
    };
    const onAbort = () => {
      reject(signal.reason as Error);
    };
    stop = () => {
      connection.removeEventListener('connectionstatechange', onChange);
      signal.removeEventListener('abort', onAbort);
    };
    connection.addEventListener('connectionstatechange', onChange);
    signal.addEventListener('abort', onAbort);
  });
  return withDeadline(up, MEDIA_TIMEOUT_MS, () => voiceError('DTMF_FAILED')).finally(stop);
}

function playoutMs(digits: string): number {
  return Array.from(digits).reduce((sum, digit) => sum + (digit === ',' ? PAUSE_MS : TONE_MS + GAP_MS), 0);
}

/** RFC 4733 section 7.1.1: an `a=rtpmap` of `telephone-event` in what the far end last described. */
function takesTelephoneEvents(connection: RTCPeerConnection): boolean {
  return /^a=rtpmap:\d+ telephone-event\//im.test(connection.remoteDescription?.sdp ?? '');
}

import { delay } from '../core/deadline';
import { voiceError } from '../core/errors';
import { SerialQueue } from '../core/serial-queue';

/** RFC 4733 section 2.5.1.1 recommends no length; 100 ms with a 70 ms gap is the default of W3C insertDTMF. */
const TONE_MS = 100;
const GAP_MS = 70;
/** W3C WebRTC: a comma in insertDTMF is a pause of 2 s. */
const PAUSE_MS = 2_000;
/** An INFO carries one digit; gateways play it out, so leave room between two (the gap that JsSIP measured as safe). */
const INFO_GAP_MS = 500;

export interface DtmfOptions {
  readonly connection: () => RTCPeerConnection | undefined;
  readonly sendInfoDigit: (digit: string, durationMs: number) => Promise<void>;
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
    const sender = connection.getSenders().find(({ track, dtmf }) => track?.kind === 'audio' && dtmf)?.dtmf;
    // Not while the far end holds the call, or before the media path is up: nothing is sent towards it then.
    if (sender?.canInsertDTMF !== true)
      throw voiceError('DTMF_FAILED', 'No audio is being sent to the far end now.');
    const { signal } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const stop = () => {
        sender.removeEventListener('tonechange', onToneChange);
        signal.removeEventListener('abort', onAbort);
      };
      const onToneChange = ({ tone }: RTCDTMFToneChangeEvent) => {
        if (tone !== '') return;
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

  async #sendInfos(digits: string): Promise<void> {
    for (const digit of digits) {
      if (digit === ',') {
        await delay(PAUSE_MS, this.#options.signal);
        continue;
      }
      await this.#options.sendInfoDigit(digit, TONE_MS);
      await delay(INFO_GAP_MS, this.#options.signal);
    }
  }
}

/** RFC 4733 section 7.1.1: an `a=rtpmap` of `telephone-event` in what the far end last described. */
function takesTelephoneEvents(connection: RTCPeerConnection): boolean {
  return /^a=rtpmap:\d+ telephone-event\//im.test(connection.remoteDescription?.sdp ?? '');
}

/** Which audio codecs calls use, and how Opus is coded: everything that the SDK does to codecs. */
import type { Logger } from '../core/logger';
import type { RawSession } from './jssip';

/** An audio codec: Opus (RFC 6716), G.711 µ-law and A-law (RFC 3551 section 4.5.14) or G.722 (section 4.5.2). */
export type CodecName = 'opus' | 'pcmu' | 'pcma' | 'g722';

export const AUDIO_CODECS: readonly CodecName[] = ['opus', 'pcmu', 'pcma', 'g722'];

/** RFC 7587 section 6.1: bounds of `maxaveragebitrate`. */
export const OPUS_BITS_PER_SECOND = { least: 6_000, most: 510_000 } as const;

/** How Opus is coded, in both directions (RFC 7587 section 6.1). Left out, the browser's own choice holds. */
export interface OpusOptions {
  /** At most this much audio a second on average, in bits from 6000 to 510000 (`maxaveragebitrate`). */
  readonly maxAverageBitsPerSecond?: number;
  /** Whether nothing but a sign of life is sent in silence (`usedtx`). */
  readonly dtx?: boolean;
  /** Whether packets carry a coarse copy of the one before, for lossy networks (`useinbandfec`). */
  readonly fec?: boolean;
}

/** Which codecs calls use. */
export interface CodecOptions {
  /**
   * Codecs to use before all others, the best first; those not named follow in the browser's order. What the far end
   * does not support is passed over. Default: the browser's order, which has Opus first.
   */
  readonly preferred?: readonly CodecName[];
  /** How Opus is coded. Default: the browser's own choice. */
  readonly opus?: OpusOptions;
}

/** Applies the options to a session: to its offers and answers, and to what the far end asks of our encoder. */
export class Codecs {
  readonly #preferred: readonly string[];
  readonly #opus: Readonly<Record<string, string>>;
  readonly #most: number;
  readonly #logger: Logger;

  constructor({ preferred = [], opus = {} }: CodecOptions, logger: Logger) {
    this.#preferred = preferred.map((name) => `audio/${name}`);
    this.#opus = {
      ...(opus.dtx === undefined ? {} : { usedtx: opus.dtx ? '1' : '0' }),
      ...(opus.fec === undefined ? {} : { useinbandfec: opus.fec ? '1' : '0' }),
    };
    this.#most = opus.maxAverageBitsPerSecond ?? Infinity;
    this.#logger = logger;
  }

  /** Has JsSIP pass every session description of the session through here. */
  watch(session: RawSession): void {
    session.on('sdp', (description: { sdp: string }) => {
      description.sdp = this.describe(description.sdp);
    });
  }

  /** Puts the preferred codecs first in every offer and answer that the connection makes from now on. */
  adopt(connection: RTCPeerConnection): void {
    if (this.#preferred.length === 0) return;
    for (const method of ['createOffer', 'createAnswer'] as const) {
      const original = Reflect.get(connection, method) as (...args: readonly unknown[]) => unknown;
      Reflect.set(connection, method, (...args: readonly unknown[]) => {
        this.#order(connection);
        return Reflect.apply(original, connection, args);
      });
    }
  }

  /**
   * A session description with our parameters of Opus in it. In one of ours they tell the far end what to send; in one of
   * the far end's they are what our own encoder obeys, never above what the far end allows.
   */
  describe(sdp: string): string {
    if (this.#most === Infinity && Object.keys(this.#opus).length === 0) return sdp;
    return sdp.replace(/^m=audio [^]*?(?=^m=|$(?![^]))/gm, (section) => {
      const payloads = [...section.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map(([, payload = '']) => payload);
      return payloads.reduce((described, payload) => this.#describePayload(described, payload), section);
    });
  }

  #describePayload(section: string, payload: string): string {
    const line = new RegExp(`^a=fmtp:${payload} ([^\\r\\n]*)`, 'm');
    const given = line.exec(section)?.[1];
    const parameters = this.#merge(given ?? '');
    if (parameters === '') return section;
    return given === undefined
      ? section.replace(
          new RegExp(`^(a=rtpmap:${payload} [^\\r\\n]*)(\\r?\\n)`, 'm'),
          (_, rtpmap: string, end: string) => `${rtpmap}${end}a=fmtp:${payload} ${parameters}${end}`,
        )
      : section.replace(line, () => `a=fmtp:${payload} ${parameters}`);
  }

  #merge(given: string): string {
    const parameters = new Map(
      given
        .split(';')
        .map((parameter) => parameter.trim())
        .filter((parameter) => parameter !== '')
        .map((parameter) => {
          const [name = '', ...value] = parameter.split('=');
          return [name, value.join('=')] as const;
        }),
    );
    for (const [name, value] of Object.entries(this.#opus)) parameters.set(name, value);
    const theirs = parameters.get('maxaveragebitrate') ?? '';
    // What is no number asks for nothing.
    if (!/^[1-9]\d*$/.test(theirs)) parameters.delete('maxaveragebitrate');
    const most = Math.min(Number(parameters.get('maxaveragebitrate') ?? Infinity), this.#most);
    if (most < Infinity) parameters.set('maxaveragebitrate', String(most));
    return [...parameters].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
  }

  #order(connection: RTCPeerConnection): void {
    const rank = ({ mimeType }: { readonly mimeType: string }): number => {
      const at = this.#preferred.indexOf(mimeType.toLowerCase());
      return at === -1 ? this.#preferred.length : at;
    };
    try {
      const codecs = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? [];
      // Sorting is stable: what is not named keeps the browser's order, telephone-event included.
      const ordered = [...codecs].sort((one, other) => rank(one) - rank(other));
      for (const transceiver of connection.getTransceivers())
        if (transceiver.receiver.track.kind === 'audio') transceiver.setCodecPreferences(ordered);
    } catch (error) {
      // Firefox before 128 has no setCodecPreferences; a call in another codec is better than none.
      this.#logger.warn('the codecs stay in the order of the browser', error);
    }
  }
}

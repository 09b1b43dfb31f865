/** DTMF as RTP events (RFC 4733), both ways. */
import { everyCharacter } from '../text';

const digits = '0123456789*#ABCD';

export const isDigits = (text: string): boolean =>
  everyCharacter(text.toUpperCase(), (char) => digits.includes(char));

export interface TelephoneEvent {
  readonly digit: string;
  readonly isEnd: boolean;
  /** In RTP clock units. */
  readonly duration: number;
}

/** Reads the four-byte payload; undefined when it is not a digit. */
export function readEvent(payload: Buffer): TelephoneEvent | undefined {
  if (payload.length < 4) return undefined;
  const digit = digits[payload.readUInt8(0)];
  if (digit === undefined) return undefined;
  return { digit, isEnd: (payload.readUInt8(1) & 0x80) !== 0, duration: payload.readUInt16BE(2) };
}

/** Power of the digit in -dBm0, as in RFC 4733's own example. */
const volume = 10;

export function writeEvent(event: TelephoneEvent): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt8(digits.indexOf(event.digit.toUpperCase()), 0);
  payload.writeUInt8((event.isEnd ? 0x80 : 0) | volume, 1);
  payload.writeUInt16BE(Math.min(event.duration, 0xffff), 2);
  return payload;
}

/**
 * Turns the packets of events into one digit each: every packet of an event carries the same RTP timestamp,
 * its end is sent three times, and any of them may be lost (RFC 4733 section 2.5.1.4).
 */
export class EventReader {
  #lastTimestamp: number | undefined;

  /** The digit, on the first packet of each event that arrives. */
  push(payload: Buffer, timestamp: number): string | undefined {
    const event = readEvent(payload);
    if (event === undefined || timestamp === this.#lastTimestamp) return undefined;
    // A late packet of the previous event would otherwise count as a new digit.
    const isOlder = this.#lastTimestamp !== undefined && ((timestamp - this.#lastTimestamp) | 0) < 0;
    if (isOlder) return undefined;
    this.#lastTimestamp = timestamp;
    return event.digit;
  }
}

export interface EventFrame {
  readonly payload: Buffer;
  readonly marker: boolean;
  /** Frames since the start of this event: all its packets carry the timestamp of the first. */
  readonly framesSinceStart: number;
}

/** Three end packets, RFC 4733 section 2.5.1.4. */
const endPackets = 3;

/** The 20 ms frames of a row of digits: events, and `undefined` for the pauses between. */
export function* eventFrames(
  text: string,
  options: { frameDuration: number; toneFrames: number; gapFrames: number },
): Generator<EventFrame | undefined> {
  for (const digit of text) {
    for (let frame = 0; frame < options.toneFrames + endPackets - 1; frame += 1) {
      const isEnd = frame >= options.toneFrames - 1;
      const duration = Math.min(frame + 1, options.toneFrames) * options.frameDuration;
      yield { payload: writeEvent({ digit, isEnd, duration }), marker: frame === 0, framesSinceStart: frame };
    }
    for (let frame = 0; frame < options.gapFrames; frame += 1) yield undefined;
  }
}

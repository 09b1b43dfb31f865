/**
 * The audio of a phone whose program only speaks SIP: one UDP socket that plays a tone and measures what comes
 * (RTP, RFC 3550; PCMU, RFC 3551; digits, RFC 4733).
 */
import { createSocket, type Socket } from 'node:dgram';
import { TypedEmitter } from '../../../src/core/emitter';
import { FrameClock } from '../../../src/sandbox/media/frame-clock';
import { decodeSample, pcmuFrameSamples } from '../../../src/sandbox/media/pcmu';
import { EventReader, eventFrames, type EventFrame } from '../../../src/sandbox/media/telephone-event';
import { silenceSource, toneSource, type FrameSource } from '../../../src/sandbox/media/tone';
import type { Ear, Heard } from './hearing';
import type { MediaAddress } from './sdp';

const headerBytes = 12;
/** RFC 3551 table 4. */
const pcmuPayloadType = 0;
/** 160 ms of tone and 100 ms of pause, as a finger does it. */
const digitFrames = { toneFrames: 8, gapFrames: 5 };

interface RtpEvents {
  digit: [digit: string];
}

export class RtpEndpoint extends TypedEmitter<RtpEvents> implements Ear {
  readonly #clock = new FrameClock();
  readonly #digits = new EventReader();
  readonly #listeners = new Set<(payload: Buffer) => void>();
  readonly #ssrc = Math.floor(Math.random() * 2 ** 32);
  #stopClock: (() => void) | undefined;
  #remote: MediaAddress | undefined;
  #source: FrameSource | undefined;
  #events: Generator<EventFrame | undefined> | undefined;
  #onKeyed: (() => void) | undefined;
  #sequence = 0;
  #timestamp = 0;
  #eventStart = 0;
  #isClosed = false;

  private constructor(
    readonly host: string,
    private readonly socket: Socket,
  ) {
    super();
    socket.on('message', (packet) => {
      this.#receive(packet);
    });
  }

  static async open(host: string): Promise<RtpEndpoint> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, host, resolve);
    });
    // A packet to a port that is closed already comes back as an error of this socket.
    socket.removeAllListeners('error').on('error', () => undefined);
    return new RtpEndpoint(host, socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Where to send, and which payload type the digits have. */
  setRemote(remote: MediaAddress): void {
    this.#remote = remote;
  }

  /** Plays a tone from now on; 0 is audible silence (packets), undefined sends nothing. */
  play(hz: number | undefined): void {
    this.#source = hz === undefined ? undefined : hz === 0 ? silenceSource() : toneSource(hz);
    if (hz === undefined) {
      this.#stopClock?.();
      this.#stopClock = undefined;
    } else {
      this.#stopClock ??= this.#clock.subscribe(() => {
        this.#sendFrame();
      });
    }
  }

  async collect(forMs: number): Promise<Heard> {
    const payloads: Buffer[] = [];
    const add = (payload: Buffer): void => {
      payloads.push(payload);
    };
    this.#listeners.add(add);
    await new Promise((resolve) => setTimeout(resolve, forMs));
    this.#listeners.delete(add);
    return { samples: Array.from(Buffer.concat(payloads), decodeSample), packets: payloads.length };
  }

  /** Resolves when the last digit has been sent. */
  async sendDigits(digits: string): Promise<void> {
    if (this.#source === undefined) throw new Error('It sends no audio, so it cannot send digits');
    if (this.#events !== undefined) throw new Error('It is sending digits already');
    this.#events = eventFrames(digits, { frameDuration: pcmuFrameSamples, ...digitFrames });
    await new Promise<void>((resolve) => {
      this.#onKeyed = resolve;
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.play(undefined);
    this.#endDigits();
    this.socket.close();
  }

  #sendFrame(): void {
    const frame = this.#events?.next();
    if (frame?.done === true) this.#endDigits();
    const event = frame?.done === false ? frame.value : undefined;
    const audio = this.#source?.next();
    if (event !== undefined) {
      if (event.marker) this.#eventStart = this.#timestamp;
      this.#send(this.#remote?.eventPayloadType ?? 101, event.payload, event.marker, this.#eventStart);
    } else if (audio !== undefined) this.#send(pcmuPayloadType, audio, false, this.#timestamp);
    this.#timestamp = (this.#timestamp + pcmuFrameSamples) >>> 0;
  }

  #send(payloadType: number, payload: Buffer, marker: boolean, timestamp: number): void {
    if (this.#remote === undefined) return;
    const header = Buffer.alloc(headerBytes);
    header.writeUInt8(0x80, 0);
    header.writeUInt8((marker ? 0x80 : 0) | payloadType, 1);
    header.writeUInt16BE(this.#sequence, 2);
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.socket.send([header, payload], this.#remote.port, this.#remote.host);
  }

  #endDigits(): void {
    this.#events = undefined;
    this.#onKeyed?.();
    this.#onKeyed = undefined;
  }

  #receive(packet: Buffer): void {
    if (packet.length < headerBytes || packet.readUInt8(0) >> 6 !== 2) return;
    const first = packet.readUInt8(0);
    const payloadType = packet.readUInt8(1) & 0x7f;
    let start = headerBytes + 4 * (first & 0x0f);
    if ((first & 0x10) !== 0 && packet.length >= start + 4) start += 4 + 4 * packet.readUInt16BE(start + 2);
    const payload = packet.subarray(start);
    if (payloadType === pcmuPayloadType) for (const listener of this.#listeners) listener(payload);
    else if (payloadType === this.#remote?.eventPayloadType) {
      const digit = this.#digits.push(payload, packet.readUInt32BE(4));
      if (digit !== undefined) this.emit('digit', digit);
    }
  }
}

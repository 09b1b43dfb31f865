/** The audio of one call of a customer: what it plays, what it hears, and the digits both ways. */
import { randomInt } from 'node:crypto';
import type { MediaStreamTrack, RTCPeerConnection, RTCRtpTransceiver, RtpPacket } from 'werift';
import { EventReader, eventFrames, type EventFrame } from './telephone-event';
import { frameMs, type FrameClock } from './frame-clock';
import type { MediaOwner } from './peer-connection';
import { Meter, silenceDbfs } from './meter';
import { decodeSample, pcmuFrameSamples } from './pcmu';
import type { AudioCodec } from './sdp-codecs';
import type { FrameSource } from './tone';
import type { Werift } from './werift';

/** What a customer hears at this moment. */
export interface Hearing {
  /** Undefined before the codec is negotiated. */
  readonly codec: AudioCodec | undefined;
  /** RTP packets of audio received since the call began. */
  readonly packets: number;
  /** When the last of them came. */
  readonly lastPacketAt: Date | undefined;
  /** RMS level of the last 128 ms; -127 is silence or no packets. Null with Opus, which is not decoded. */
  readonly levelDbfs: number | null;
  /** The strongest frequency of the last 128 ms; null when silent, and with Opus. */
  readonly dominantHz: number | null;
}

export interface AudioSessionOptions {
  readonly codecs: readonly AudioCodec[];
  readonly hostAddresses: readonly string[];
  /** `echo` plays back what it hears. */
  readonly plays: FrameSource | 'echo';
  readonly onDigit: (digit: string) => void;
  /** The far end's media arrived for the first time. */
  readonly onAudio: () => void;
}

/** RTP clock units in one 20 ms frame. */
const frameUnits: Readonly<Record<AudioCodec, number>> = { opus: 960, PCMU: pcmuFrameSamples };
/** Audio older than this is no longer being heard: 10 packets. */
const staleAfterMs = 200;
/** 160 ms tone and 100 ms pause: above the 40 ms that receivers must accept (ITU-T Q.24). */
const digitFrames = { toneFrames: 8, gapFrames: 5 };

export class AudioSession implements MediaOwner {
  readonly #meter = new Meter();
  readonly #events = new EventReader();
  readonly #subscribed = new WeakSet<MediaStreamTrack>();
  readonly #stopClock: () => void;
  #connection: RTCPeerConnection | undefined;
  #transceiver: RTCRtpTransceiver | undefined;
  #codec: AudioCodec | undefined;
  #digits: Iterator<EventFrame | undefined> | undefined;
  #digitsDone: (() => void) | undefined;
  #packets = 0;
  #lastPacketAtMs = 0;
  #sequence = randomInt(0x10000);
  #timestamp = randomInt(0x80000000);
  #closed = false;

  constructor(
    private readonly werift: Werift,
    clock: FrameClock,
    private readonly options: AudioSessionOptions,
  ) {
    this.#stopClock = clock.subscribe(() => {
      this.#tick();
    });
  }

  get codecs(): readonly AudioCodec[] {
    return this.options.codecs;
  }

  createConnection(): RTCPeerConnection {
    const { RTCPeerConnection: Connection, RTCRtpCodecParameters: Codec } = this.werift;
    const event = (clockRate: number, payloadType: number): InstanceType<typeof Codec> =>
      new Codec({ mimeType: 'audio/telephone-event', clockRate, payloadType, parameters: '0-15' });
    const known = {
      opus: [
        new Codec({
          mimeType: 'audio/opus',
          clockRate: 48000,
          channels: 2,
          payloadType: 111,
          parameters: 'minptime=10;useinbandfec=1',
        }),
        event(48000, 110),
      ],
      PCMU: [
        new Codec({ mimeType: 'audio/PCMU', clockRate: 8000, channels: 1, payloadType: 0 }),
        event(8000, 101),
      ],
    };
    const all = this.options.codecs.map((name) => known[name]);
    // The audio formats first: the first one is what werift sends.
    const audio = [...all.map(([format]) => format), ...all.map(([, events]) => events)];
    this.#connection = new Connection({
      codecs: { audio: audio.filter((codec) => codec !== undefined) },
      iceServers: [],
      iceUseIpv6: false,
      iceAdditionalHostAddresses: [...this.options.hostAddresses],
    });
    this.#transceiver = this.#connection.addTransceiver('audio', { direction: 'sendrecv' });
    return this.#connection;
  }

  onNegotiated(codec: AudioCodec | undefined): void {
    this.#codec = codec;
    // werift announces the same track again at each negotiation, and a new one when the far end replaced it.
    for (const track of this.#transceiver?.receiver.tracks ?? []) {
      if (this.#subscribed.has(track)) continue;
      this.#subscribed.add(track);
      track.onReceiveRtp.subscribe((packet) => {
        this.#receive(packet);
      });
    }
  }

  get hearing(): Hearing {
    const isFresh = performance.now() - this.#lastPacketAtMs < staleAfterMs && this.#packets > 0;
    const loudness =
      this.#codec === 'opus'
        ? { levelDbfs: null, dominantHz: null }
        : isFresh
          ? this.#meter.measure()
          : { levelDbfs: silenceDbfs, dominantHz: null };
    return {
      codec: this.#codec,
      packets: this.#packets,
      lastPacketAt: this.#packets === 0 ? undefined : new Date(performance.timeOrigin + this.#lastPacketAtMs),
      ...loudness,
    };
  }

  /** The negotiated direction, as seen from the customer: `recvonly` or `inactive` while the agent holds. */
  get direction(): string | undefined {
    return this.#transceiver?.currentDirection ?? undefined;
  }

  /** True when the far end takes RFC 4733 events. */
  get canSendDigits(): boolean {
    return this.#eventPayloadType() !== undefined;
  }

  /** Sends digits as RTP events; resolves when the last has been sent, or the session closed. */
  sendDigits(text: string): Promise<void> {
    const earlier = this.#digitsDone === undefined ? Promise.resolve() : this.#whenDigitsDone();
    return earlier.then(() => {
      if (this.#closed) return;
      const frameDuration = frameUnits[this.#codec ?? 'PCMU'];
      this.#digits = eventFrames(text.toUpperCase(), { frameDuration, ...digitFrames });
      return this.#whenDigitsDone();
    });
  }

  #whenDigitsDone(): Promise<void> {
    const before = this.#digitsDone;
    return new Promise((resolve) => {
      this.#digitsDone = () => {
        before?.();
        resolve();
      };
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopClock();
    this.#finishDigits();
    void this.#connection?.close();
  }

  #finishDigits(): void {
    const done = this.#digitsDone;
    this.#digits = undefined;
    this.#digitsDone = undefined;
    done?.();
  }

  /** werift goes on sending while held; what was negotiated decides. */
  get #maySend(): boolean {
    const direction = this.#transceiver?.currentDirection;
    return direction === 'sendrecv' || direction === 'sendonly';
  }

  #eventPayloadType(): number | undefined {
    return this.#transceiver?.codecs.find((codec) => codec.name.toLowerCase() === 'telephone-event')
      ?.payloadType;
  }

  #tick(): void {
    const units = frameUnits[this.#codec ?? 'PCMU'];
    this.#timestamp = (this.#timestamp + units) >>> 0;
    if (this.#digits !== undefined) {
      const frame = this.#digits.next();
      if (frame.done === true) this.#finishDigits();
      else if (frame.value !== undefined) {
        const payloadType = this.#eventPayloadType();
        const { payload, marker, framesSinceStart } = frame.value;
        const timestamp = (this.#timestamp - framesSinceStart * units) >>> 0;
        if (payloadType !== undefined) this.#send({ payloadType, payload, marker, timestamp });
        return;
      }
    }
    if (this.options.plays === 'echo' || this.#codec !== 'PCMU') return;
    const payload = this.options.plays.next();
    this.#send({ payloadType: 0, payload, marker: false, timestamp: this.#timestamp });
  }

  #send(packet: { payloadType: number; payload: Buffer; marker: boolean; timestamp: number }): void {
    const sender = this.#transceiver?.sender;
    const format = this.#transceiver?.codecs.find((codec) => codec.payloadType === packet.payloadType);
    if (sender === undefined || format === undefined || !this.#maySend || this.#closed) return;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const header = new this.werift.RtpHeader({
      payloadType: packet.payloadType,
      sequenceNumber: this.#sequence,
      timestamp: packet.timestamp,
      marker: packet.marker,
    });
    // sendRtp overwrites the payload type with that of `codec`, which it reads before it first waits.
    sender.codec = format;
    void sender.sendRtp(new this.werift.RtpPacket(header, packet.payload));
  }

  #receive({ header, payload }: RtpPacket): void {
    if (this.#closed || payload.length === 0) return;
    if (header.payloadType === this.#eventPayloadType()) {
      const digit = this.#events.push(payload, header.timestamp);
      if (digit !== undefined) this.options.onDigit(digit);
      return;
    }
    this.#packets += 1;
    this.#lastPacketAtMs = performance.now();
    if (this.#codec === 'PCMU') this.#meter.push(Int16Array.from(payload, decodeSample));
    if (this.#packets === 1) this.options.onAudio();
    if (this.options.plays === 'echo' && this.#digits === undefined) this.#echo(header, payload);
  }

  /** The payload as it came, whatever the codec; only the numbering is ours. */
  #echo(header: RtpPacket['header'], payload: Buffer): void {
    this.#echoOffset ??= (this.#timestamp - header.timestamp) >>> 0;
    const timestamp = (header.timestamp + this.#echoOffset) >>> 0;
    this.#send({ payloadType: header.payloadType, payload, marker: header.marker, timestamp });
  }

  #echoOffset: number | undefined;
}

/** Exported for waits that poll on the audio beat. */
export const audioBeatMs = frameMs;

/** The audio of one call of a customer: what it plays, what it hears, and the digits both ways. */
import { randomInt } from 'node:crypto';
import type { MediaStreamTrack, RTCPeerConnection, RTCRtpTransceiver, RtpPacket } from 'werift';
import { EventReader, eventFrames, type EventFrame } from './telephone-event';
import type { FrameClock } from './frame-clock';
import type { AudioCodec, Hearing } from '../contract/customer-call';
import type { CallAudio, CallAudioOptions } from './call-audio';
import { Meter, silenceDbfs } from './meter';
import { decodeSample, pcmuFrameSamples } from './pcmu';
import type { Werift } from './werift';

/** RTP clock units in one 20 ms frame. */
const frameUnits: Readonly<Record<AudioCodec, number>> = { opus: 960, PCMU: pcmuFrameSamples };
/** Audio older than this is no longer being heard: 10 packets. */
const staleAfterMs = 200;
/** 160 ms tone and 100 ms pause: above the 40 ms that receivers must accept (ITU-T Q.24). */
const digitFrames = { toneFrames: 8, gapFrames: 5 };

export class AudioSession implements CallAudio {
  readonly #meter = new Meter();
  readonly #events = new EventReader();
  readonly #subscribed = new WeakSet<MediaStreamTrack>();
  readonly #stopClock: () => void;
  #connection: RTCPeerConnection | undefined;
  #transceiver: RTCRtpTransceiver | undefined;
  #codec: AudioCodec | undefined;
  #digits: Iterator<EventFrame | undefined> | undefined;
  #digitsDone: (() => void) | undefined;
  #digitQueue: Promise<void> = Promise.resolve();
  #packets = 0;
  #lastPacketAtMs = 0;
  #sequence = randomInt(0x10000);
  #timestamp = randomInt(0x80000000);
  /** From the numbering of the stream that is echoed to ours. */
  #echoed: { readonly ssrc: number; readonly offset: number } | undefined;
  #closed = false;

  constructor(
    private readonly werift: Werift,
    clock: FrameClock,
    private readonly hostAddresses: readonly string[],
    private readonly options: CallAudioOptions,
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
      iceAdditionalHostAddresses: [...this.hostAddresses],
    });
    this.#transceiver = this.#connection.addTransceiver('audio', { direction: 'sendrecv' });
    // Without ICE servers werift asks a public STUN server: a request to the internet, and 5 s where there is none.
    delete this.#transceiver.dtlsTransport.iceTransport.connection.stunServer;
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

  get direction(): string | undefined {
    return this.#transceiver?.currentDirection ?? undefined;
  }

  get canSendDigits(): boolean {
    return this.#eventPayloadType() !== undefined;
  }

  sendDigits(text: string): Promise<void> {
    this.#digitQueue = this.#digitQueue.then(() => this.#sendRow(text.toUpperCase()));
    return this.#digitQueue;
  }

  #sendRow(text: string): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const frameDuration = frameUnits[this.#codec ?? 'PCMU'];
    this.#digits = eventFrames(text, { frameDuration, ...digitFrames });
    return new Promise((resolve) => {
      this.#digitsDone = resolve;
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
    if (this.#echoed?.ssrc !== header.ssrc) {
      this.#echoed = { ssrc: header.ssrc, offset: (this.#timestamp - header.timestamp) >>> 0 };
    }
    const timestamp = (header.timestamp + this.#echoed.offset) >>> 0;
    this.#send({ payloadType: header.payloadType, payload, marker: header.marker, timestamp });
  }
}

/** The audio of a call as its customer sees it, apart from the package that carries it. */
import type { MediaOwner } from './peer-connection';
import type { AudioCodec } from './sdp-codecs';
import type { FrameSource } from './tone';

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

export interface CallAudioOptions {
  readonly codecs: readonly AudioCodec[];
  /** `echo` plays back what it hears. */
  readonly plays: FrameSource | 'echo';
  readonly onDigit: (digit: string) => void;
  /** The far end's media arrived for the first time. */
  readonly onAudio: () => void;
}

export interface CallAudio extends MediaOwner {
  readonly hearing: Hearing;
  /** The negotiated direction, as seen from the customer: `recvonly` or `inactive` while the agent holds. */
  readonly direction: string | undefined;
  /** True when the far end takes RFC 4733 events. */
  readonly canSendDigits: boolean;
  /** Sends digits as RTP events, after those already waiting; resolves when sent, or when the session closed. */
  sendDigits(text: string): Promise<void>;
  close(): void;
}

/** The audio of a call as its customer sees it, apart from the package that carries it. */
import type { AudioCodec, Hearing } from '../contract/customer-call';
import type { MediaOwner } from './peer-connection';
import type { FrameSource } from './tone';

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

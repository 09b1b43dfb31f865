import type { VoiceSDKError } from '../core/errors';
import type { LostDevice, RecoveredDevice } from '../media/devices';

export type CallAudioEvents = {
  mute: [isMuted: boolean];
  /** The system, or a switch on the headset, silences the microphone (true) or no longer does. */
  inputMuted: [isMuted: boolean];
  deviceLost: [detail: LostDevice];
  deviceRecovered: [detail: RecoveredDevice];
  /** Another track in either direction, or the microphone is or is not to be heard any more. */
  changed: [];
  error: [error: VoiceSDKError];
};

/** How the parts of a call's audio tell of themselves. */
export type TellCallAudio = <K extends keyof CallAudioEvents>(event: K, ...args: CallAudioEvents[K]) => void;

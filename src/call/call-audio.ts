import { TypedEmitter } from '../core/emitter';
import type { AudioDevice } from '../media/devices';
import type { CallAudioEvents } from './call-audio-events';
import type { CallDevice } from './call-device';
import { CallInput, type CallInputOptions } from './call-input';
import { CallOutput, type CallOutputOptions } from './call-output';

export type CallAudioOptions = Omit<CallInputOptions & CallOutputOptions, 'tell'>;

/**
 * The audio of one call: the microphone's way to the far end and the far end's to the speaker. The one place that
 * decides whether the microphone is heard, so that no change of device, hold or renegotiation can undo a mute.
 */
export class CallAudio extends TypedEmitter<CallAudioEvents> {
  readonly input: CallInput;
  readonly output: CallOutput;
  #isMuted = false;
  #isHeld = false;

  constructor(options: CallAudioOptions) {
    super();
    const parts: CallInputOptions & CallOutputOptions = {
      ...options,
      tell: (event, ...args) => {
        this.emit(event, ...(args as never));
      },
    };
    this.input = new CallInput(parts);
    this.output = new CallOutput(parts);
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** Whether this side holds the call. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The device of that kind, and who chose it. */
  device(kind: AudioDevice['kind']): CallDevice {
    return (kind === 'audioinput' ? this.input : this.output).device;
  }

  /** Connects both directions to a peer connection. */
  bind(connection: RTCPeerConnection): void {
    this.input.bind(connection);
    this.output.bind(connection);
  }

  setMuted(on: boolean): void {
    if (this.#isMuted === on) return;
    this.#isMuted = on;
    this.#apply();
    this.emit('mute', on);
  }

  /** Whether this side holds the call: a held far end must not hear the agent. */
  setHeld(on: boolean): void {
    this.#isHeld = on;
    this.#apply();
  }

  dispose(): void {
    // First: that nothing is captured any more is no news of a call that is over.
    this.removeAllListeners();
    this.input.dispose();
    this.output.dispose();
  }

  #apply(): void {
    this.input.setHeard(!this.#isMuted && !this.#isHeld);
  }
}

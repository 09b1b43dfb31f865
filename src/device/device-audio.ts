import type { Subscribable } from '../core/emitter';
import type { MicrophoneTestOptions, MicrophoneTestResult, OutputTestOptions } from '../media/audio-tests';
import type { InputProcessing } from '../media/input-processing';
import type { MicrophonePermission } from '../media/permission-watch';
import type { AudioProcessor, ProcessorDirection } from '../media/processors/audio-processor';
import type { SoundOptions } from '../media/sounds/sound-options';
import type { DeviceAudioEvents } from './device-audio-events';

/**
 * Microphones, speakers and sounds of one Device, as `device.audio`. Methods that return a promise may be called without
 * awaiting it: a failure that nobody handles is an `error` event of the Device.
 */
export interface DeviceAudio extends Subscribable<DeviceAudioEvents> {
  /**
   * The microphone that calls use and new calls take, as `setInputDevice()` had it or what stands in for it while that is
   * away or cannot be opened; `''` is the default.
   */
  readonly inputDeviceId: string;

  /** The speaker, likewise; `''` is the system's default. */
  readonly outputDeviceId: string;

  /**
   * Plays the ringtone on these speakers, all at once, while calls go on where they are. Without any it rings where calls
   * play. One that is unplugged is left out until it returns; when none is left, it rings where calls play.
   *
   * @param deviceIds at most 8 from `enumerateDevices()`; `''` or `'default'` is the system's default.
   * @throws VoiceSDKError `UNSUPPORTED` (Safari has no W3C Audio Output Devices API), `OUTPUT_DEVICE_FAILED`,
   * `INVALID_ARGUMENT`, `DESTROYED`
   */
  setRingtoneDevices(deviceIds: readonly string[]): Promise<void>;

  /**
   * Switches what the browser does to the agent's voice: at once for live calls, which keep their mute, and for those to
   * come. What is left out stays as it is. Where a browser cannot change a running microphone it is opened anew.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`,
   * `MICROPHONE_FAILED` (a live call cannot follow: all is as before), `DESTROYED`
   */
  setInputProcessing(processing: InputProcessing): Promise<void>;

  /**
   * Whether the page may use microphones (W3C Permissions), without asking the agent. `unknown` where the browser does
   * not say and none was opened yet.
   *
   * @throws VoiceSDKError `DESTROYED`
   */
  permission(): Promise<MicrophonePermission>;

  /**
   * Plays a test tone: two soft notes in turn. In Safari and Firefox it needs a gesture on the page before, as all sound.
   *
   * @throws VoiceSDKError `UNSUPPORTED` (another output than the default, in Safari), `OUTPUT_DEVICE_FAILED`,
   * `AUDIO_BLOCKED`, `AUDIO_FAILED`, `BROWSER_UNSUPPORTED`, `INVALID_ARGUMENT`, `DESTROYED`; the signal's reason
   */
  testOutput(options?: OutputTestOptions): Promise<void>;

  /**
   * Opens a microphone, the preferred one unless told otherwise, measures it and gives it back. Calls are not touched.
   *
   * @throws VoiceSDKError `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`, `MICROPHONE_FAILED`,
   * `BROWSER_UNSUPPORTED`, `UNSUPPORTED` (no AudioWorklet), `INVALID_ARGUMENT`, `DESTROYED`; the signal's reason
   */
  testMicrophone(options?: MicrophoneTestOptions): Promise<MicrophoneTestResult>;

  /**
   * Changes what the agent hears beside the calls; what is not named stays, and undefined is the default again. A sound
   * that plays and is changed follows at once. With `multiTab` it acts where the sounds are, in the tab that leads: set
   * the same in all of them.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `DESTROYED`
   */
  setSounds(sounds: SoundOptions): void;

  /**
   * Lets this page play sound. To be called in a handler of a gesture (a click, a key), for example of a button that
   * begins the shift: calls then ring before the agent touches the page again. What was blocked starts at once.
   *
   * @throws VoiceSDKError `AUDIO_BLOCKED` when the browser still refuses, as outside a gesture; `DESTROYED`
   */
  unlock(): Promise<void>;

  /**
   * Takes the sound of every call through a processor from now on, behind those added before. Calls that are live
   * change over at once, without a re-INVITE. One that fails, does not answer within 2 s, or gives up later is left out
   * (`processorFailed`) until the call has another microphone, or until it is removed and added again. A processor that
   * is there already stays where it is. With `multiTab`, add it in each tab: the one that leads carries the sound.
   *
   * @param options - `direction`: `input` (default) is what the far end hears, `remote` is what the agent hears.
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `DESTROYED`
   */
  addProcessor(
    processor: AudioProcessor,
    options?: {
      /** Which way the sound goes. Default `input`. */
      readonly direction?: ProcessorDirection;
    },
  ): void;

  /** Takes the sound past a processor again, in both directions and at once. One that was never added is ignored. */
  removeProcessor(processor: AudioProcessor): void;
}

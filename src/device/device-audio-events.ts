import type { AudioDevice, LostDevice, RecoveredDevice } from '../media/devices';
import type { MicrophonePermission } from '../media/permission-watch';
import type { ProcessorFailure } from '../media/processors/audio-processor';

/** The events of `device.audio`, each with what its listeners receive. */
export type DeviceAudioEvents = {
  /**
   * Microphones or speakers were plugged in or out, the system has another default, or their names became known (the
   * first permission: nothing is added or removed then). Changes within 300 ms are one event.
   */
  devicesChanged: [
    detail: {
      /** Those that are new; the entry `default` too, where it stands for other hardware than before. */
      readonly added: readonly AudioDevice[];
      /** Those that are gone; likewise. */
      readonly removed: readonly AudioDevice[];
      /** All that are there now. */
      readonly devices: readonly AudioDevice[];
    },
  ];
  /**
   * A device that was in use, or that the agent has chosen, is gone. In its place is the one that was used before it, or
   * the system's default. Once for each device, however many calls used it.
   */
  deviceLost: [detail: LostDevice];
  /**
   * A device that was lost is used again, under the id that it has now: once for each `deviceLost`. A choice that the
   * agent made meanwhile stays. Where no microphone was left it is also the first one that comes.
   */
  deviceRecovered: [detail: RecoveredDevice];
  /**
   * The agent, the browser or an administrator changed whether the page may use microphones. Where the browser has no
   * Permissions API for them it is what became of opening one.
   */
  permissionChanged: [
    detail: {
      /** As `permission()` has it. */
      readonly state: MicrophonePermission;
    },
  ];
  /** A processor failed (`PROCESSOR_FAILED`): the call goes on without it, with its sound as it was before. */
  processorFailed: [failure: ProcessorFailure];
};

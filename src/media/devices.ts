import { browser } from './browser';
import { microphoneError, requireMediaDevices } from './microphone-error';

/** A microphone or a loudspeaker, as the browser names it (W3C Media Capture and Streams, MediaDeviceInfo). */
export interface AudioDevice {
  /** What setInputDevice() and setOutputDevice() take. The browser changes it when the user clears site data. */
  readonly deviceId: string;
  /** `audioinput` is a microphone, `audiooutput` a speaker. */
  readonly kind: 'audioinput' | 'audiooutput';
  /** A name for the agent; empty until the microphone was allowed once. */
  readonly label: string;
  /** Equal for the two halves of one headset. */
  readonly groupId: string;
}

/**
 * The audio devices, without asking the agent. Before the microphone was allowed once, browsers give at most one
 * device of each kind, with an empty label and often an empty id; Safari and Firefox list outputs late or never.
 *
 * @throws BROWSER_UNSUPPORTED without `navigator.mediaDevices`, MICROPHONE_DENIED when a page policy forbids it
 */
export async function enumerateAudioDevices(): Promise<AudioDevice[]> {
  const mediaDevices = requireMediaDevices();
  try {
    return (await mediaDevices.enumerateDevices()).flatMap(({ deviceId, kind, label, groupId }) =>
      kind === 'videoinput' ? [] : [{ deviceId, kind, label, groupId }],
    );
  } catch (error) {
    throw microphoneError(error);
  }
}

/** Whether this browser can play on another output than the system's default. */
export function isOutputSelectionSupported(): boolean {
  return browser.HTMLMediaElement !== undefined && 'setSinkId' in browser.HTMLMediaElement.prototype;
}

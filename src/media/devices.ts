import { browser, normalizeDeviceId, SYSTEM_DEFAULT } from './browser';
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

/** A device went away while it was in use or preferred. */
export interface LostDevice {
  /** `audioinput` is a microphone, `audiooutput` a speaker. */
  readonly kind: AudioDevice['kind'];
  /** The one that is gone. */
  readonly device: AudioDevice;
  /** What is used in its place; absent where there is nothing left, and where the browser does not tell. */
  readonly replacement?: AudioDevice;
}

/** A device is in use again. */
export interface RecoveredDevice {
  /** `audioinput` is a microphone, `audiooutput` a speaker. */
  readonly kind: AudioDevice['kind'];
  /** The one that is back. */
  readonly device: AudioDevice;
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

/** Whether two entries mean the same hardware: the `default` of Chromium keeps its id when the system changes it. */
export function isSameHardware(one: AudioDevice, other: AudioDevice): boolean {
  if (one.kind !== other.kind || one.groupId !== other.groupId) return false;
  const defaults = [one, other].filter(
    ({ deviceId }) => normalizeDeviceId(deviceId) === SYSTEM_DEFAULT,
  ).length;
  // Sockets of one sound card share its group.
  return defaults === 1 ? one.groupId !== '' : one.deviceId === other.deviceId && one.label === other.label;
}

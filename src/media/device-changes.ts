import { normalizeDeviceId, SYSTEM_DEFAULT } from './browser';
import { type AudioDevice, isSameHardware } from './devices';

/** What is different between two lists of devices. */
export interface DeviceChange {
  readonly added: readonly AudioDevice[];
  readonly removed: readonly AudioDevice[];
  readonly devices: readonly AudioDevice[];
}

/**
 * Compares two lists; undefined where they say the same. The entry `default` counts as removed and added when it
 * stands for other hardware. Nothing counts as added when only the names became known, as with the first permission.
 */
export function compareDevices(
  before: readonly AudioDevice[],
  devices: readonly AudioDevice[],
): DeviceChange | undefined {
  const added = without(devices, before);
  const removed = without(before, devices);
  if (added.length === 0 && removed.length === 0) return undefined;
  const isRevealed = before.length > 0 && devices.length > 0 && isNamed(before) !== isNamed(devices);
  return isRevealed ? { added: [], removed: [], devices } : { added, removed, devices };
}

/** Whether names are known: browsers hide them until the page may use a microphone. */
export function isNamed(devices: readonly AudioDevice[]): boolean {
  return devices.some(({ label }) => label !== '');
}

/** Whether a list can tell that a device of that kind is gone; without names, and for outputs in some browsers, it cannot. */
export function isTelling(devices: readonly AudioDevice[], kind: AudioDevice['kind']): boolean {
  const ofKind = devices.filter((device) => device.kind === kind);
  return ofKind.length === 0 ? kind === 'audioinput' : isNamed(ofKind);
}

function without(devices: readonly AudioDevice[], others: readonly AudioDevice[]): AudioDevice[] {
  const rest = [...others];
  return devices.filter((device) => {
    const index = rest.findIndex((other) => isSameEntry(device, other));
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/** A device of one id is one device, whatever it is called meanwhile; but `default` is what it stands for. */
function isSameEntry(one: AudioDevice, other: AudioDevice): boolean {
  if (one.kind !== other.kind || one.deviceId !== other.deviceId) return false;
  if (normalizeDeviceId(one.deviceId) !== SYSTEM_DEFAULT) return (one.label === '') === (other.label === '');
  return one.label === other.label && isSameHardware(one, other);
}

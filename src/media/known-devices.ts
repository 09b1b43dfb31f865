import { normalizeDeviceId, SYSTEM_DEFAULT } from './browser';
import { type AudioDevice, isSameHardware } from './devices';

type Kind = AudioDevice['kind'];

interface KnownDevice {
  /** As it was listed last, or remembered. */
  device: AudioDevice;
  /** Whether it was ever there, and not only heard of. */
  wasSeen: boolean;
  /** Under which id it was there last: another one where it was found by its name. */
  foundAs: string;
  /** The ids of others of its name that were there together with it: another one of the same make. */
  readonly twins: Set<string>;
}

/**
 * Every device that was ever there. Ids change with the socket and with site data, so that one which is gone is found
 * by its name; but only where it cannot be another of the same make.
 */
export class KnownDevices {
  readonly #known = new Map<string, KnownDevice>();
  #here: readonly AudioDevice[] = [];

  /** The devices that are there now. */
  note(devices: readonly AudioDevice[]): void {
    this.#here = devices;
    for (const device of devices) {
      if (device.label === '') continue;
      const key = keyOf(device.kind, device.deviceId);
      const known = this.#known.get(key);
      if (known) Object.assign(known, { device, wasSeen: true });
      else this.#known.set(key, { device, wasSeen: true, foundAs: device.deviceId, twins: new Set() });
    }
    for (const known of this.#known.values()) {
      const { kind, deviceId, label } = known.device;
      const found = this.find(kind, deviceId);
      if (!found) continue;
      known.foundAs = found.deviceId;
      for (const other of devices)
        if (other !== found && other.kind === kind && other.label === label) known.twins.add(other.deviceId);
    }
  }

  /** One that was there in a session before: its name finds it under another id. */
  remember(kind: Kind, { deviceId, label }: Pick<AudioDevice, 'deviceId' | 'label'>): void {
    const key = keyOf(kind, deviceId);
    if (this.#known.has(key)) return;
    const device = { kind, deviceId, label, groupId: '' };
    this.#known.set(key, { device, wasSeen: false, foundAs: deviceId, twins: new Set() });
  }

  /** What the id stands for now: by id, else by the name that it had. */
  find(kind: Kind, deviceId: string): AudioDevice | undefined {
    const id = normalizeDeviceId(deviceId);
    const ofKind = this.#here.filter((device) => device.kind === kind);
    const byId = ofKind.find((device) => normalizeDeviceId(device.deviceId) === id);
    const known = this.#known.get(keyOf(kind, id));
    if (byId || id === SYSTEM_DEFAULT || !known || known.device.label === '') return byId;
    const { device, foundAs, twins } = known;
    const named = ofKind.filter(
      (one) =>
        one.label === device.label &&
        !twins.has(one.deviceId) &&
        normalizeDeviceId(one.deviceId) !== SYSTEM_DEFAULT,
    );
    const inItsGroup = named.filter(({ groupId }) => groupId !== '' && groupId === device.groupId);
    const [only, second] = inItsGroup.length > 0 ? inItsGroup : named;
    return named.find((one) => one.deviceId === foundAs) ?? (second ? undefined : only);
  }

  /** The one of that id, as it was when it was there; undefined where it never was. */
  seen(kind: Kind, deviceId: string): AudioDevice | undefined {
    const known = this.#known.get(keyOf(kind, deviceId));
    return known?.wasSeen === true ? known.device : undefined;
  }

  /** The name that the device has or had; empty where it is not known. */
  labelOf(kind: Kind, deviceId: string): string {
    return this.#known.get(keyOf(kind, deviceId))?.device.label ?? '';
  }

  /** What the entry `default` stands for, or stood for when it was listed; any other device is itself. */
  hardwareOf(device: AudioDevice): AudioDevice {
    if (normalizeDeviceId(device.deviceId) !== SYSTEM_DEFAULT) return device;
    const all = [...this.#here, ...[...this.#known.values()].map((known) => known.device)];
    const same = all.filter(
      (one) => normalizeDeviceId(one.deviceId) !== SYSTEM_DEFAULT && isSameHardware(one, device),
    );
    // Sockets of one sound card share its group; Chromium puts a word before the name.
    return same.find(({ label }) => device.label.endsWith(label)) ?? same[0] ?? device;
  }

  /** Whether `device`, which is there, is one that was lost. */
  isSame(lost: AudioDevice, device: AudioDevice): boolean {
    if (isSameHardware(lost, device)) return true;
    if (normalizeDeviceId(lost.deviceId) === SYSTEM_DEFAULT) return false;
    return this.find(lost.kind, lost.deviceId)?.deviceId === device.deviceId;
  }
}

function keyOf(kind: Kind, deviceId: string): string {
  return `${kind} ${normalizeDeviceId(deviceId)}`;
}

import type { Logger } from '../core/logger';
import { normalizeDeviceId, SYSTEM_DEFAULT } from '../media/browser';
import type { AudioDevice } from '../media/devices';
import {
  Preferences,
  type RememberedDevice,
  type RememberedDevices,
  type RememberedPart,
} from '../storage/preferences';
import type { AudioSettings, ChosenPart } from './audio-settings';

type Kind = AudioDevice['kind'];

export interface DeviceMemoryOptions {
  /** Whose choices: API and user. */
  readonly scope: string;
  readonly settings: AudioSettings;
  readonly logger: Logger;
  /** The name that a device has or had. */
  readonly labelOf: (kind: Kind, deviceId: string) => string;
  /** By this name a device is found that has another id now. */
  readonly onKnown: (kind: Kind, device: RememberedDevice) => void;
}

/** Keeps what the agent chose for the next session. Loaded only where `rememberDevices` asks for it. */
export class DeviceMemory {
  readonly #options: DeviceMemoryOptions;
  readonly #preferences: Preferences;
  #devices: RememberedDevices = {};
  #isLoaded = false;

  constructor(options: DeviceMemoryOptions) {
    this.#options = options;
    this.#preferences = new Preferences(options.scope, options.logger);
    options.settings.on('settled', this.#onSettled);
  }

  /** Puts in force what was chosen in a session before, except where the agent has chosen in this one already. */
  async restore(): Promise<void> {
    const { settings } = this.#options;
    this.#devices = await this.#preferences.load();
    this.#isLoaded = true;
    const { input, output, ringtone } = this.#devices;
    if (input && this.#isOpen('input')) this.#take('audioinput', input);
    if (output && this.#isOpen('output')) this.#take('audiooutput', output);
    if (ringtone && this.#isOpen('ringtone')) {
      for (const device of ringtone) this.#options.onKnown('audiooutput', device);
      settings.ringtone.substitute(ringtone.map(({ deviceId }) => normalizeDeviceId(deviceId)));
    }
    this.save();
  }

  /**
   * Writes what is different now: the part that the agent chose, and names that have become known. What another tab has
   * written meanwhile stays.
   */
  save(chosenPart?: ChosenPart): void {
    if (!this.#isLoaded) return;
    for (const part of ['input', 'output', 'ringtone'] as const) {
      const isChosen = part === chosenPart;
      const before = this.#devices[part];
      if (!before && !this.#options.settings.chosen.has(part)) continue;
      const now = this.#current(part);
      if (!isChosen && isEqual(now, before)) continue;
      const isOtherDevice = isChosen || !isEqual(idsOf(now), idsOf(before));
      this.#devices = { ...this.#devices, [part]: now };
      void this.#preferences.update((stored) =>
        // The name of a device that is not the agent's choice any more is no news.
        isOtherDevice || isEqual(idsOf(now), idsOf(stored[part])) ? { [part]: now } : {},
      );
    }
  }

  dispose(): void {
    this.#options.settings.off('settled', this.#onSettled);
    this.#preferences.close();
  }

  readonly #onSettled = (part: ChosenPart): void => {
    this.save(part);
  };

  #current(part: RememberedPart): RememberedDevice | readonly RememberedDevice[] {
    const { input, output, ringtone } = this.#options.settings;
    if (part === 'input') return this.#named('audioinput', input.value.wanted);
    if (part === 'output') return this.#named('audiooutput', output.value.wanted);
    return ringtone.value.map((id) => this.#named('audiooutput', id));
  }

  #isOpen(part: RememberedPart): boolean {
    const { settings } = this.#options;
    return !settings.chosen.has(part) && !settings[part].isChanging;
  }

  #take(kind: Kind, device: RememberedDevice): void {
    const { settings, onKnown } = this.#options;
    const id = normalizeDeviceId(device.deviceId);
    onKnown(kind, device);
    settings.noteChosen(kind, id);
    // Where it is not there, what stands in for it is found with the list.
    settings.substitute(kind, { wanted: id, inForce: id });
  }

  #named(kind: Kind, deviceId: string): RememberedDevice {
    return { deviceId, label: deviceId === SYSTEM_DEFAULT ? '' : this.#options.labelOf(kind, deviceId) };
  }
}

function idsOf(
  devices: RememberedDevice | readonly RememberedDevice[] | undefined,
): readonly string[] | undefined {
  return devices && [devices].flat().map(({ deviceId }) => deviceId);
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

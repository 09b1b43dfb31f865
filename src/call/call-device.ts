import { SerialQueue } from '../core/serial-queue';
import { normalizeDeviceId } from '../media/browser';
import type { AudioDevice } from '../media/devices';
import type { LostDevices } from '../media/lost-devices';
import type { TellCallAudio } from './call-audio-events';

/** Whom the agent wants another device for: this call, or all calls that have none of their own. */
export type DeviceChooser = 'call' | 'device';

export interface CallDeviceOptions {
  /** Aborts when the call ends. */
  readonly signal: AbortSignal;
  /** The agent has chosen a device for this call alone. */
  readonly onChosen?: ((kind: AudioDevice['kind'], deviceId: string) => void) | undefined;
  readonly tell: TellCallAudio;
}

/** Which device one direction of a call uses, and who chose it. Changes come one after another. */
export class CallDevice {
  readonly kind: AudioDevice['kind'];
  readonly options: CallDeviceOptions;
  /** What was asked for last, by whomever; `''` is the system's default. */
  id: string;
  /** What the agent chose for this call alone. */
  own: string | undefined;
  /** Those that were used and are gone. */
  lost: LostDevices | undefined;
  readonly #changes = new SerialQueue();

  constructor(kind: AudioDevice['kind'], deviceId: string, options: CallDeviceOptions) {
    this.kind = kind;
    this.id = normalizeDeviceId(deviceId);
    this.options = options;
  }

  /** A change in its turn. */
  run<T>(change: () => Promise<T>): Promise<T> {
    return this.#changes.run(change);
  }

  /** The same; what was not asked of this call alone fails silently when the call ends meanwhile. */
  async follow(change: () => Promise<void>, chooser: DeviceChooser = 'device'): Promise<void> {
    try {
      await this.run(change);
    } catch (error) {
      if (chooser === 'call' || !this.options.signal.aborted) throw error;
    }
  }

  /** What the agent chose, put in place by `use`; the choice for all calls does not touch one of this call's own. */
  choose(
    deviceId: string,
    chooser: DeviceChooser,
    use: (deviceId: string) => Promise<unknown>,
  ): Promise<void> {
    return this.follow(async () => {
      if (chooser === 'device' && this.own !== undefined) return;
      const wanted = normalizeDeviceId(deviceId);
      await use(wanted);
      this.id = wanted;
      if (chooser !== 'call') return;
      this.own = wanted;
      this.options.onChosen?.(this.kind, wanted);
    }, chooser);
  }
}

import { nowMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';
import type { Logger } from '../core/logger';
import { browser } from './browser';
import { compareDevices, type DeviceChange } from './device-changes';
import { type AudioDevice, enumerateAudioDevices } from './devices';

// Not from a standard: one headset is several events within a moment (its two halves, the new default), and a Bluetooth
// one comes and goes before it stays. A list that never comes to rest is looked at all the same.
const QUIET_MS = 300;
const LONGEST_UNREST_MS = 1_000;

/** Tells what is plugged in and out. Asks nobody for permission. */
export class DeviceWatch extends TypedEmitter<{ changed: [change: DeviceChange] }> {
  readonly #logger: Logger;
  readonly #disposer = new Disposer();
  #devices: readonly AudioDevice[] = [];
  #timer: TimerHandle | undefined;
  #restlessSinceMs: number | undefined;
  #looking: Promise<void> | undefined;
  #isAgain = false;

  constructor(logger: Logger) {
    super();
    this.#logger = logger;
  }

  /** All that are there, as far as it was last seen. */
  get devices(): readonly AudioDevice[] {
    return this.#devices;
  }

  /** Takes the list to compare with, and watches it from now on. Does nothing where there are no devices at all. */
  async start(): Promise<void> {
    this.#disposer.listen(browser.navigator?.mediaDevices, 'devicechange', () => {
      this.#onDeviceChange();
    });
    this.#devices = (await this.#list()) ?? [];
  }

  /** Looks now, as when the names have become known. Resolves when what changed was told. */
  refresh(): Promise<void> {
    this.#stopWaiting();
    if (this.#looking) this.#isAgain = true;
    return (this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    }));
  }

  dispose(): void {
    this.#disposer.dispose();
    this.#stopWaiting();
    this.removeAllListeners();
  }

  #onDeviceChange(): void {
    this.#restlessSinceMs ??= nowMs();
    const leftMs = this.#restlessSinceMs + LONGEST_UNREST_MS - nowMs();
    stopTimer(this.#timer);
    this.#timer = startTimer(Math.max(0, Math.min(QUIET_MS, leftMs)), () => {
      void this.refresh();
    });
  }

  #stopWaiting(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
    this.#restlessSinceMs = undefined;
  }

  async #look(): Promise<void> {
    this.#isAgain = false;
    const devices = await this.#list();
    if (this.#disposer.disposed || !devices) return;
    const change = compareDevices(this.#devices, devices);
    this.#devices = devices;
    if (change) this.emit('changed', change);
    await this.#lookAgain();
  }

  /** Somebody asked while the browser was making its list, which may be older than the question. */
  async #lookAgain(): Promise<void> {
    if (this.#isAgain) await this.#look();
  }

  async #list(): Promise<readonly AudioDevice[] | undefined> {
    try {
      return await enumerateAudioDevices();
    } catch (error) {
      this.#logger.debug('the devices cannot be listed', error);
      return undefined;
    }
  }
}

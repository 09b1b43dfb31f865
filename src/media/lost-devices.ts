import { normalizeDeviceId, SYSTEM_DEFAULT } from './browser';
import type { AudioDevice } from './devices';

/** Which devices are lost, as far as it was told: each is lost once, and then recovered once. */
export class LostDevices {
  readonly #lost = new Map<string, { readonly device: AudioDevice; isReplaced: boolean }>();

  /** One is gone. Returns whether that is news. @param isReplaced false where nothing is left to use */
  add(device: AudioDevice, isReplaced: boolean): boolean {
    const { kind, deviceId, label } = device;
    const isDefault = normalizeDeviceId(deviceId) === SYSTEM_DEFAULT;
    const key = `${kind} ${isDefault ? `default ${label}` : deviceId}`;
    if (this.#lost.has(key)) return false;
    this.#lost.set(key, { device, isReplaced });
    return true;
  }

  /**
   * One is used. Returns whether that is news: it was lost, or there was none.
   *
   * @param isSame whether a lost one is the one that is used now, under whatever id
   */
  use(device: AudioDevice, isSame: (lost: AudioDevice) => boolean): boolean {
    let isNews = false;
    for (const [key, lost] of this.#lost) {
      if (lost.device.kind !== device.kind) continue;
      const isBack = isSame(lost.device);
      isNews ||= isBack || !lost.isReplaced;
      if (isBack) this.#lost.delete(key);
      else lost.isReplaced = true;
    }
    return isNews;
  }
}

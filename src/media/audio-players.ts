import { AudioPlayer, type AudioPlayerOptions } from './audio-player';
import { SerialQueue } from '../core/serial-queue';
import { normalizeDeviceId, SYSTEM_DEFAULT } from './browser';

/** The same sound on one output, or on several at once: one audio element for each. */
export class AudioPlayers {
  readonly #options: AudioPlayerOptions;
  readonly #changes = new SerialQueue();
  /** By output id. */
  #players: ReadonlyMap<string, AudioPlayer>;
  readonly #blocked = new Set<AudioPlayer>();
  readonly #failed = new Set<AudioPlayer>();
  #isPlaying = false;
  #isDisposed = false;

  constructor(options: AudioPlayerOptions) {
    this.#options = options;
    this.#players = new Map([[SYSTEM_DEFAULT, this.#make()]]);
  }

  /** The elements that were made so far. */
  get made(): HTMLAudioElement[] {
    return [...this.#players.values()].flatMap(({ made }) => made ?? []);
  }

  /** The elements, each made where it was not yet. Throws BROWSER_UNSUPPORTED where there are none. */
  get elements(): HTMLAudioElement[] {
    return [...this.#players.values()].map(({ element }) => element);
  }

  /** Starts playing on each output, now or as soon as the browser allows it. Throws BROWSER_UNSUPPORTED. */
  play(): void {
    if (this.#isDisposed) return;
    this.#isPlaying = true;
    this.#failed.clear();
    for (const player of this.#players.values()) player.play();
  }

  /** Silent at once on each output. */
  stop(): void {
    this.#isPlaying = false;
    this.#blocked.clear();
    for (const player of this.#players.values()) player.stop();
  }

  /**
   * Plays on these outputs from now on; none is the system's default. Changes run one after another. When one of them
   * fails, those before stay in use; with `isLenient` it is left out instead, and with all of them the default plays.
   * Returns whether all of them are in use.
   *
   * @throws UNSUPPORTED, OUTPUT_DEVICE_FAILED; BROWSER_UNSUPPORTED
   */
  setOutputDevices(deviceIds: readonly string[], isLenient = false): Promise<boolean> {
    const ids = new Set(deviceIds.length === 0 ? [SYSTEM_DEFAULT] : deviceIds.map(normalizeDeviceId));
    return this.#changes.run(async () => {
      if (!this.#isDisposed) await this.#switch(ids, isLenient);
      return [...ids].every((id) => this.#players.has(id));
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#isPlaying = false;
    for (const player of this.#players.values()) player.dispose();
  }

  async #switch(ids: ReadonlySet<string>, isLenient: boolean): Promise<void> {
    const before = this.#players;
    const next = new Map([...before].filter(([id]) => ids.has(id)));
    // An element that moves keeps its place in the sound.
    const spare = [...before.values()].filter((player) => ![...next.values()].includes(player));
    for (const id of isLenient ? [...ids, SYSTEM_DEFAULT] : ids) {
      // The default stands in only where there is nothing else.
      if (next.has(id) || (id === SYSTEM_DEFAULT && !ids.has(id) && next.size > 0)) continue;
      const player = spare.pop() ?? this.#make();
      try {
        await player.setOutputDevice(id);
        next.set(id, player);
      } catch (error) {
        spare.push(player);
        if (isLenient) continue;
        await this.#goBack(before, [...next.values(), ...spare]);
        throw error;
      }
    }
    this.#players = next;
    for (const player of spare) this.#drop(player);
    if (this.#isDisposed) this.dispose();
    else if (this.#isPlaying)
      for (const player of next.values()) if (![...before.values()].includes(player)) player.play();
  }

  async #goBack(before: ReadonlyMap<string, AudioPlayer>, touched: readonly AudioPlayer[]): Promise<void> {
    const kept = [...before.values()];
    for (const player of touched) if (!kept.includes(player)) this.#drop(player);
    for (const [id, player] of before) await player.setOutputDevice(id).catch(() => undefined);
  }

  #drop(player: AudioPlayer): void {
    player.dispose();
    this.#failed.delete(player);
    this.#unblock(player);
  }

  #unblock(player: AudioPlayer): void {
    if (this.#blocked.delete(player) && this.#blocked.size === 0) this.#options.onUnblocked();
  }

  #make(): AudioPlayer {
    const player: AudioPlayer = new AudioPlayer({
      ...this.#options,
      onBlocked: () => {
        this.#blocked.add(player);
        if (this.#blocked.size === 1) this.#options.onBlocked();
      },
      onUnblocked: () => {
        this.#unblock(player);
      },
      onPlaying: () => {
        this.#failed.delete(player);
      },
      onFailed: (error) => {
        this.#failed.add(player);
        this.#unblock(player);
        // One that plays is enough.
        if ([...this.#players.values()].some((other) => !this.#failed.has(other))) return;
        this.stop();
        this.#options.onFailed(error);
      },
    });
    return player;
  }
}

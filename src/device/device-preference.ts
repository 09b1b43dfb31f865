/** Takes the device over; rejects when it cannot, and what it used before goes on. */
export type Follower = (deviceId: string) => Promise<void>;

/**
 * A device that others follow. It is in force from the moment it is asked for, so that whoever comes while the others
 * are still changing over takes it too, and it is taken back when one of them cannot follow.
 */
export class DevicePreference {
  readonly #followers: () => readonly Follower[];
  readonly #onStranded: (error: unknown) => void;
  #deviceId: string | undefined;
  /** The last one that all could follow. */
  #settled: string | undefined;
  #changes = 0;

  constructor(options: {
    readonly deviceId: string | undefined;
    readonly followers: () => readonly Follower[];
    /** A follower could not go back. */
    readonly onStranded: (error: unknown) => void;
  }) {
    this.#deviceId = this.#settled = options.deviceId;
    this.#followers = options.followers;
    this.#onStranded = options.onStranded;
  }

  /** What is preferred now; undefined where nothing ever was. */
  get deviceId(): string | undefined {
    return this.#deviceId;
  }

  /** Rejects with what the first of those said who could not follow; the former preference holds again then. */
  async change(deviceId: string): Promise<void> {
    const change = ++this.#changes;
    this.#deviceId = deviceId;
    const failed = new Map<Follower, unknown>();
    await Promise.all(
      this.#followers().map((follow) =>
        follow(deviceId).catch((error: unknown) => {
          failed.set(follow, error);
        }),
      ),
    );
    if (failed.size === 0) {
      this.#settled = deviceId;
      return;
    }
    // Else a later change is in force already, and all follow that one.
    if (change === this.#changes) await this.#goBack(failed);
    const [failure] = failed.values();
    throw failure;
  }

  async #goBack(stayed: ReadonlyMap<Follower, unknown>): Promise<void> {
    this.#deviceId = this.#settled;
    const moved = this.#followers().filter((follow) => !stayed.has(follow));
    // The empty id is the system's default, which is what holds where nothing was preferred.
    await Promise.all(moved.map((follow) => follow(this.#settled ?? '').catch(this.#onStranded)));
  }
}

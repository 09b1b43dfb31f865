/**
 * What the agent prefers and others follow. It is in force from the moment it is asked for, so that whoever comes while
 * the others are still changing over takes it too, and it is taken back when one of them cannot follow.
 */
export class Preference<T, F extends object> {
  readonly #options: PreferenceOptions<T, F>;
  #value: T;
  /** The last one that all could follow. */
  #settled: T;
  #changes = 0;
  #settledChange = 0;
  #pending = 0;

  constructor(options: PreferenceOptions<T, F>) {
    this.#options = options;
    this.#value = this.#settled = options.value;
  }

  /** What is preferred now. */
  get value(): T {
    return this.#value;
  }

  /** Whether a change is under way, which may be taken back. */
  get isChanging(): boolean {
    return this.#pending > 0;
  }

  /** Rejects with what the first of those said who could not follow; the former preference holds again then. */
  async change(value: T): Promise<void> {
    const change = ++this.#changes;
    this.#value = value;
    this.#pending += 1;
    const failed = new Map<F, unknown>();
    const { followers, apply } = this.#options;
    await Promise.all(
      followers().map((follower) =>
        apply(follower, value).catch((error: unknown) => {
          failed.set(follower, error);
        }),
      ),
    );
    this.#pending -= 1;
    if (failed.size === 0) {
      // An earlier change may come to its end after a later one.
      if (change > this.#settledChange) {
        this.#settled = value;
        this.#settledChange = change;
      }
      return;
    }
    // Else a later change is in force already, and all follow that one.
    if (change === this.#changes) await this.#goBack(failed);
    const [failure] = failed.values();
    throw failure;
  }

  /** What holds instead, and whoever has to follow is told otherwise. */
  substitute(value: T): void {
    this.#value = this.#settled = value;
  }

  async #goBack(stayed: ReadonlyMap<F, unknown>): Promise<void> {
    this.#value = this.#settled;
    const { followers, apply, onStranded } = this.#options;
    const moved = followers().filter((follower) => !stayed.has(follower));
    await Promise.all(moved.map((follower) => apply(follower, this.#settled).catch(onStranded)));
  }
}

export interface PreferenceOptions<T, F> {
  /** What holds to begin with. */
  readonly value: T;
  readonly followers: () => readonly F[];
  /** Makes one of them follow; rejects when it cannot, and what it used before goes on. */
  readonly apply: (follower: F, value: T) => Promise<void>;
  /** A follower could not go back. */
  readonly onStranded: (error: unknown) => void;
}

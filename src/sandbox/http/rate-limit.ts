/** Token buckets: a steady rate with a burst. */

export class TokenBucket {
  #tokens: number;
  #filledAtMs = performance.now();

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.#tokens = burst;
  }

  /** False when the rate is exceeded. */
  take(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#filledAtMs) * this.perSecond) / 1000);
    this.#filledAtMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  get isFull(): boolean {
    const refill = ((performance.now() - this.#filledAtMs) * this.perSecond) / 1000;
    return this.#tokens + refill >= this.burst;
  }
}

/** A bound on memory: buckets of addresses that went quiet are dropped first. */
const maxAddresses = 10_000;

export class AddressLimiter {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(private readonly perSecond: number) {}

  take(address: string): boolean {
    let bucket = this.#buckets.get(address);
    if (bucket === undefined) {
      if (this.#buckets.size >= maxAddresses) this.#dropIdle();
      bucket = new TokenBucket(this.perSecond, this.perSecond);
      this.#buckets.set(address, bucket);
    }
    return bucket.take();
  }

  #dropIdle(): void {
    for (const [address, bucket] of this.#buckets) if (bucket.isFull) this.#buckets.delete(address);
    if (this.#buckets.size >= maxAddresses) this.#buckets.clear();
  }
}

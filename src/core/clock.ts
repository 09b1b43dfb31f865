/** The only room that touches timers, the wall clock and chance, so that tests can stand in for all three. */

/** A timer of the page, or a steady one (steady-timer.ts). */
export type TimerHandle = ReturnType<typeof globalThis.setTimeout> | { stop(): void };

/** Milliseconds since the Unix epoch. */
export function nowMs(): number {
  return Date.now();
}

/** Milliseconds on a clock that never jumps; only differences mean something. */
export function monotonicMs(): number {
  return performance.now();
}

export function startTimer(delayMs: number, callback: () => void): TimerHandle {
  return globalThis.setTimeout(callback, delayMs);
}

export function stopTimer(handle: TimerHandle | undefined): void {
  if (typeof handle === 'object' && 'stop' in handle) handle.stop();
  else globalThis.clearTimeout(handle);
}

/** A number in [0, 1). Not for secrets. */
export function random(): number {
  return Math.random();
}

/** A random (version 4) UUID, RFC 9562 section 5.4. `crypto.randomUUID` needs a secure context; this does not. */
export function randomUuid(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

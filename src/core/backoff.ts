import { random } from './clock';

export interface BackoffPolicy {
  /** Upper bound of the first delay, in milliseconds. */
  readonly firstMs: number;
  /** Upper bound that the delays grow to, in milliseconds. */
  readonly capMs: number;
}

/**
 * Delay before retry number `attempt` (1, 2, ...), in milliseconds: exponential with full jitter, which keeps
 * many clients of one restarted server from coming back in the same moment.
 */
export function backoffDelayMs(attempt: number, policy: BackoffPolicy): number {
  // 2^30 is far above any cap and keeps the product finite.
  const ceilingMs = Math.min(policy.capMs, policy.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(random() * ceilingMs);
}

import type { TransitionTable } from '../core/transitions';

/**
 * Where a call is:
 * `pending` the INVITE is out and nothing has been heard · `ringing` the far end rings, or this call rings here ·
 * `accepted` both sides talk · `disconnected` it ended as calls do · `failed` it never came about.
 */
export type CallStatus = 'pending' | 'ringing' | 'accepted' | 'disconnected' | 'failed';

export type CallTransition = 'ring' | 'accept' | 'end' | 'fail';

/**
 * ```text
 *  outbound ─▶ pending ──ring──▶ ringing ◀─ inbound
 *                 │  └──accept─┐    │ accept
 *                 │            ▼    ▼
 *                 │            accepted ──end──▶ disconnected
 *                 ├─end / ringing: end ────────▶ disconnected
 *                 └─fail / ringing: fail ──────▶ failed
 * ```
 * Mute, local hold and remote hold are facets beside this state.
 */
export const CALL_TRANSITIONS: TransitionTable<CallStatus, CallTransition> = {
  pending: { ring: 'ringing', accept: 'accepted', end: 'disconnected', fail: 'failed' },
  ringing: { accept: 'accepted', end: 'disconnected', fail: 'failed' },
  accepted: { end: 'disconnected' },
  disconnected: {},
  failed: {},
};

/** Whether a call in this state is over. */
export function isOver(status: CallStatus): boolean {
  return status === 'disconnected' || status === 'failed';
}

/** What a card says about its call, and in which colours. */
import { describeEnd } from './format.js';

/**
 * @param {object} call of the SDK
 * @param {{ end?: object, error?: Error, isAnswering: boolean, isReconnecting: boolean }} seen what the events told
 * @returns {[state: string, words: string]}
 */
export function describeState(call, { end, error, isAnswering, isReconnecting }) {
  if (end) return [end.durationMs > 0 || !error ? 'ended' : 'failed', describeEnd(end, call.direction)];
  if (isAnswering) return ['incoming', 'Connecting'];
  const status = call.getStatus();
  if (status === 'ringing' && call.direction === 'inbound') return ['incoming', 'Incoming call'];
  if (status !== 'accepted') return ['dialing', status === 'ringing' ? 'Ringing' : 'Calling'];
  if (isReconnecting) return ['reconnecting', 'Reconnecting'];
  if (call.isOnHold()) return ['held', 'On hold'];
  if (call.isOnRemoteHold()) return ['held', 'They put you on hold'];
  return call.isMuted() ? ['muted', 'Muted'] : ['live', 'Connected'];
}

/**
 * The report of a call, or undefined in a tab that only shows it (`multiTab`): there the SDK throws UNSUPPORTED, and
 * so it does for levels and feedback.
 */
export function reportOf(call) {
  try {
    return call.getReport();
  } catch (error) {
    if (error.code !== 'UNSUPPORTED') throw error;
    return undefined;
  }
}

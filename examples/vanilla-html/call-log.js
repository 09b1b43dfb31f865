/** Writes down what happens to a call. */
import { log } from './event-log.js';

/** @param {string} who the name on the card */
export function logCall(call, who) {
  const isRecovered = call.getStatus() === 'accepted';
  const what = isRecovered ? 'Again in a call with' : call.direction === 'inbound' ? 'Call from' : 'Calling';
  log('call', `${what} ${who}`, call.remoteIdentity ?? '');
  call.on('ringing', ({ hasEarlyMedia }) => {
    log('call', `${who} rings`, hasEarlyMedia ? 'with early media' : '');
  });
  call.on('accepted', () => log('call', `Connected to ${who}`));
  call.on('mute', (isMuted) => log('call', isMuted ? 'Microphone muted' : 'Microphone on'));
  call.on('hold', (isOnHold) => log('call', isOnHold ? `${who} put on hold` : `Back with ${who}`));
  call.on('remoteHold', (isOnHold) => log('call', isOnHold ? `${who} put you on hold` : `${who} is back`));
  call.on('reconnecting', ({ cause }) => log('call', `Reconnecting the call with ${who}`, cause));
  call.on('reconnected', () => log('call', `The call with ${who} is back`));
  call.on('inputMuted', (isMuted) => {
    log('media', isMuted ? 'The system mutes the microphone' : 'The system gives the microphone back');
  });
  call.on('speakingWhileMuted', () => log('media', 'You speak while muted'));
  call.on('disconnect', ({ reason, code, cause, initiator }) => {
    log('call', `Call with ${who} ended: ${reason}`, `${code ?? ''} ${cause} (${initiator})`.trim());
  });
}

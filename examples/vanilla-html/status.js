/** Whether the agent can be reached, for everybody to see. */
import { announce, byId } from './dom.js';
import { log } from './event-log.js';

/** @param {'connecting' | 'registered' | 'reconnecting' | 'offline'} state @param detail attempt, or reason */
export function showStatus(state, detail, isSignedIn = true) {
  const words = {
    connecting: 'Connecting',
    registered: 'Registered',
    reconnecting: `Reconnecting, attempt ${detail}`,
    offline: 'Offline',
  }[state];
  byId('status').dataset.state = state;
  byId('status-text').textContent = words;
  byId('reconnect').hidden = state !== 'offline' || !isSignedIn;
  byId('idle-title').textContent = state === 'registered' ? 'Ready for calls' : 'Not reachable right now';
  log('device', words, state === 'offline' ? detail : '');
  announce(words);
}

/** With `multiTab`: whether this tab has the phone, or shows the one of another tab. */
export function showRole(isShared, isLeader) {
  byId('role').hidden = !isShared;
  byId('role').textContent = isLeader ? 'Phone in this tab' : 'Phone in another tab';
}

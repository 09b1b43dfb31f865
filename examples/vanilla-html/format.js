/** Numbers, times and reasons as people read them. */

/** 75 s is 01:15, an hour more is 1:01:15. */
export function formatDuration(durationMs) {
  const seconds = Math.floor(durationMs / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3600);
  return (hours > 0 ? [hours, ...parts] : parts).join(':');
}

/** The time of day, the same wherever it is shown. */
export function formatTime(date) {
  return date.toLocaleTimeString(undefined, { hour12: false });
}

/** no-answer is No answer. */
export function formatName(name) {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** +12025550101 is +1 202 555 0101, sip:bob@example.com is bob; anything else stays as it is. */
export function formatAddress(address) {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(address);
  return american ? `+1 ${american.slice(1).join(' ')}` : address.replace(/^sips?:([^@]+)@.*$/, '$1');
}

/** Up to two letters for the round sign beside a name. */
export function initialsOf(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0].toUpperCase())
      .join('') || '#'
  );
}

/** How a call ended. @param info the payload of the call's `disconnect` event */
export function describeEnd({ reason, initiator, durationMs }, direction) {
  switch (reason) {
    case 'hangup':
      return initiator === 'local' ? 'You hung up' : 'They hung up';
    case 'canceled':
      return direction === 'inbound' ? 'Missed call' : 'You gave up';
    case 'answered_elsewhere':
      return 'Answered elsewhere';
    case 'rejected':
      return initiator === 'local' ? 'You declined' : 'Refused';
    case 'busy':
      return 'Busy';
    case 'declined':
      return 'Declined';
    case 'not_found':
      return 'Unknown number';
    case 'unavailable':
      return 'Unavailable';
    case 'unanswered':
      return direction === 'inbound' ? 'Missed call' : 'No answer';
    case 'network':
      return 'Connection lost';
    default:
      return durationMs > 0 ? 'Call dropped' : 'Call failed';
  }
}

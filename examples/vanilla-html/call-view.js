/** The parts of a card that follow from the state of its call. */
import { reportOf } from './call-state.js';
import { adviceFor } from './error-advice.js';
import { make } from './dom.js';
import { formatAddress, initialsOf } from './format.js';

/** Who it is; names and headers come from strangers and are text. */
export function fillInCaller({ name, address: addressLine, avatar, headers }, { title, address, call }) {
  const shown = formatAddress(address);
  name.textContent = title;
  name.title = title; // long names are cut
  avatar.textContent = initialsOf(title);
  addressLine.textContent = shown.toLowerCase() === title.toLowerCase() ? '' : shown;
  for (const [header, value] of Object.entries(call.customHeaders)) {
    headers.append(make('div', {}, make('dt', {}, header), make('dd', {}, value)));
  }
  headers.hidden = headers.childElementCount === 0;
}

/** Which controls are there, and what they say. */
export function drawControls(parts, { call, isOver, isRinging, address }, { error, isAnswering }) {
  const isAccepted = !isOver && call.getStatus() === 'accepted';
  const isCarriedHere = isAccepted && reportOf(call) !== undefined;

  parts.note.textContent = error ? adviceFor(error).text : '';
  parts.sound.hidden = !isAccepted;
  parts.levels.hidden = !isCarriedHere;
  parts.elsewhere.hidden = isCarriedHere;
  parts.quality.hidden = !isAccepted;
  parts.incomingActions.hidden = !isRinging;
  parts.liveActions.hidden = isOver || isRinging;
  parts.endedActions.hidden = !isOver;
  if (!isAccepted) parts.keypad.hidden = true;
  for (const part of [parts.accept, parts.decline, parts.doNotDisturb]) part.disabled = isAnswering;
  for (const part of [parts.hold, parts.keypadToggle]) part.disabled = !isAccepted;

  parts.mute.ariaPressed = String(call.isMuted());
  parts.muteText.textContent = call.isMuted() ? 'Unmute' : 'Mute';
  parts.hold.ariaPressed = String(call.isOnHold());
  parts.holdText.textContent = call.isOnHold() ? 'Resume' : 'Hold';
  parts.hangUpText.textContent = isAccepted ? 'Hang up' : 'Cancel';
  parts.redialText.textContent = call.direction === 'inbound' ? 'Call back' : 'Call again';
  parts.redial.disabled = address === '';
}

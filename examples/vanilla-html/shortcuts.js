/** Keys for hands that do not leave the keyboard. Digits go where they make sense. */
import { byId } from './dom.js';
import { typeDigit } from './dialer.js';

const isTyping = (target) => target instanceof Element && target.matches('input, select, textarea');

/** @param {import('./call-stage.js').CallStage} stage */
export function bindShortcuts(stage) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || byId('desk').hidden) return;
    const run = actionFor(event, stage);
    if (!run) return;
    event.preventDefault();
    run();
  });
}

function actionFor({ key, shiftKey, target }, stage) {
  const { current, ringing } = stage;
  const isAccepted = current?.call.getStatus() === 'accepted';
  switch (key) {
    case 'F2':
      return shiftKey ? () => current?.hangUp() : () => void ringing?.accept();
    case 'F4':
      return () => ringing?.decline();
    case 'F8':
      return () => current?.toggleMute();
    case 'F9':
      return isAccepted && (() => current.toggleHold());
    default:
      if (isTyping(target) || !/^[0-9*#+]$/.test(key)) return undefined;
      if (isAccepted && key !== '+') return () => current.sendDigit(key);
      return () => {
        byId('number').focus();
        typeDigit(key);
      };
  }
}

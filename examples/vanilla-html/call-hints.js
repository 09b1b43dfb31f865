/** Plain sentences about what is wrong with a live call right now, each with what the agent can do about it. */
import { make } from './dom.js';
import { warningHint } from './quality-words.js';

/** Long enough to read, and to find the button. */
const SPOKEN_WHILE_MUTED_MS = 6_000;

const RECONNECTING = {
  signaling: 'The phone system is out of reach. You can go on talking; it comes back by itself.',
  media: 'No audio gets through right now. A new path is being looked for: stay in the call.',
};

/**
 * @param {object} call of the SDK
 * @param {HTMLElement} list one item for each sentence
 */
export function bindCallHints(call, list) {
  const items = new Map();
  const hide = (key) => {
    items.get(key)?.remove();
    items.delete(key);
  };
  const show = (key, text) => {
    hide(key);
    const item = make('li', {}, text);
    item.dataset.hint = key;
    items.set(key, item);
    list.append(item);
  };

  call.on('warning', ({ name }) => {
    const hint = warningHint(name);
    if (hint) show(name, hint);
  });
  call.on('warningCleared', ({ name }) => hide(name));
  call.on('reconnecting', ({ cause }) => show('reconnecting', RECONNECTING[cause]));
  call.on('reconnected', () => hide('reconnecting'));
  call.on('inputMuted', (isMuted) => {
    if (isMuted) show('inputMuted', 'The system or a switch on your headset mutes the microphone.');
    else hide('inputMuted');
  });

  let timer;
  call.on('speakingWhileMuted', () => {
    show('speakingWhileMuted', 'You are muted: they do not hear what you say.');
    clearTimeout(timer);
    timer = setTimeout(() => hide('speakingWhileMuted'), SPOKEN_WHILE_MUTED_MS);
  });
  call.on('mute', (isMuted) => {
    if (!isMuted) hide('speakingWhileMuted');
  });
  call.on('disconnect', () => {
    clearTimeout(timer);
    for (const key of [...items.keys()]) hide(key);
  });
}

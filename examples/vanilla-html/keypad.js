/** Twelve keys: for the number to call, and for tones in a call. */
import { make } from './dom.js';

const KEYS = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', '+'],
  ['#', ''],
];
const NAMES = { '*': 'star', '#': 'hash' };
const COLUMNS = 3;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
const LONG_PRESS_MS = 500;

/**
 * One stop for the Tab key, arrows inside.
 * @param {(digit: string) => void} onDigit
 * @param {{ label: string, testId: string, onLongZero?: () => void }} options
 */
export function createKeypad(onDigit, { label, testId, onLongZero }) {
  const buttons = KEYS.map(([digit, letters], index) => {
    const button = make(
      'button',
      { type: 'button', className: 'key', tabIndex: index === 0 ? 0 : -1, ariaLabel: NAMES[digit] ?? digit },
      make('span', { className: 'key-digit' }, digit),
      make('span', { className: 'key-letters' }, letters),
    );
    button.dataset.testid = `${testId}-${NAMES[digit] ?? digit}`;
    if (digit === '0' && onLongZero) pressOrHold(button, () => onDigit('0'), onLongZero);
    else button.addEventListener('click', () => onDigit(digit));
    return button;
  });

  const focus = (index) => {
    if (!buttons[index]) return;
    buttons.forEach((button, at) => (button.tabIndex = at === index ? 0 : -1));
    buttons[index].focus();
  };
  const pad = make('div', { className: 'keys', role: 'group', ariaLabel: label }, ...buttons);
  pad.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    focus(buttons.indexOf(document.activeElement) + step);
  });
  return pad;
}

function pressOrHold(button, onPress, onHold) {
  let timer;
  let wasHeld = false;
  button.addEventListener('pointerdown', () => {
    wasHeld = false;
    timer = setTimeout(() => {
      wasHeld = true;
      onHold();
    }, LONG_PRESS_MS);
  });
  for (const end of ['pointerup', 'pointerleave', 'pointercancel']) {
    button.addEventListener(end, () => clearTimeout(timer));
  }
  button.addEventListener('click', () => {
    if (!wasHeld) onPress();
    wasHeld = false;
  });
}

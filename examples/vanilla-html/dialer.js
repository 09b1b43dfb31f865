/** The number field, its keys, and the directory beside them. */
import { byId, make, makeIcon } from './dom.js';
import { formatAddress, formatName, initialsOf } from './format.js';
import { createKeypad } from './keypad.js';

const number = byId('number');
const callButton = byId('call-button');

/** @param {(to: string) => Promise<boolean>} dial says whether the call is on its way */
export function bindDialer(dial) {
  let isDialing = false;
  let last = '';
  const place = async (to) => {
    if (isDialing || to === '') return;
    isDialing = true;
    byId('call-button-text').textContent = 'Calling';
    callButton.ariaBusy = 'true';
    try {
      const isPlaced = await dial(to);
      last = to;
      if (isPlaced && number.value.trim() === to) number.value = '';
    } finally {
      isDialing = false;
      byId('call-button-text').textContent = 'Call';
      callButton.ariaBusy = 'false';
    }
  };

  byId('dial-keys').append(
    createKeypad(typeDigit, { label: 'Dial keys', testId: 'dial', onLongZero: () => typeDigit('+') }),
  );
  byId('dialer').addEventListener('submit', (event) => {
    event.preventDefault();
    const to = number.value.trim();
    number.focus();
    // As on a desk phone: an empty field brings back the last number, a second Enter calls it.
    if (to === '') number.value = last;
    else void place(to);
  });
  byId('backspace').addEventListener('click', () => {
    number.value = number.value.slice(0, -1);
    number.focus();
  });
  number.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') number.value = '';
  });
  return place;
}

export function typeDigit(digit) {
  number.value += digit;
  number.dispatchEvent(new Event('input'));
}

/** @param {{ number: string, name: string, description: string }[]} entries */
export function showDirectory(entries, place) {
  byId('directory').replaceChildren(
    ...entries.map((entry) => {
      const row = make(
        'button',
        { type: 'button', className: 'contact' },
        make('span', { className: 'avatar', ariaHidden: 'true' }, initialsOf(entry.name)),
        make(
          'span',
          { className: 'contact-text' },
          make('span', { className: 'contact-name' }, formatName(entry.name)),
          make('span', { className: 'muted' }, entry.description),
        ),
        makeIcon('phone'),
      );
      row.title = `Call ${formatAddress(entry.number)}`;
      row.dataset.testid = `contact-${entry.name}`;
      row.addEventListener('click', () => void place(entry.number));
      return make('li', {}, row);
    }),
  );
}

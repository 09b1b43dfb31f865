/** What happened, newest at the bottom, for the agent's eyes and for a support ticket. */
import { byId, make } from './dom.js';
import { formatTime } from './format.js';

const MOST_ENTRIES = 500;

const list = byId('log');
const entries = [];

/** @param {'device' | 'call' | 'token' | 'media' | 'error'} kind */
export function log(kind, text, detail = '') {
  const at = new Date();
  entries.push(`${at.toISOString()} ${kind} ${[text, detail].filter(Boolean).join(' | ')}`);
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  const row = make(
    'li',
    { className: 'log-row' },
    make('time', { dateTime: at.toISOString() }, formatTime(at)),
    make('span', { className: 'log-kind' }, kind),
    make('span', { className: 'log-text' }, text),
  );
  row.dataset.kind = kind;
  if (detail) row.append(make('span', { className: 'log-detail' }, detail));
  list.append(row);
  if (entries.length > MOST_ENTRIES) {
    entries.shift();
    list.firstElementChild.remove();
  }
  // Who has scrolled back is reading.
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}

/** With the code to look up and what to do about it; never the cause, which may hold anything. */
export function logError(error) {
  log('error', error.code ? `${error.code}: ${error.message}` : String(error.message ?? error), error.remedy);
}

byId('log-copy').addEventListener('click', async ({ currentTarget: button }) => {
  try {
    await navigator.clipboard.writeText(entries.join('\n'));
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed';
  }
  setTimeout(() => (button.textContent = 'Copy'), 2000);
});

byId('log-clear').addEventListener('click', () => {
  entries.length = 0;
  list.replaceChildren();
});

/** What concerns the whole page: over it, so that nothing moves under the agent's hand. */
import { byId, make, makeIcon } from './dom.js';

const region = byId('notices');

/**
 * One notice per key; the same key again replaces it.
 * @param {{ key: string, text: string, tone?: 'info' | 'error', forMs?: number,
 *   action?: { label: string, run: () => void } }} notice `forMs`: goes by itself; what needs an answer stays
 */
export function showNotice({ key, text, tone = 'info', forMs, action }) {
  hideNotice(key);
  const notice = make(
    'div',
    { className: 'notice', role: tone === 'error' ? 'alert' : 'status' },
    make('p', {}, text),
  );
  notice.dataset.key = key;
  notice.dataset.tone = tone;
  notice.dataset.testid = `notice-${key}`;
  if (action) {
    const button = make('button', { type: 'button', className: 'small' }, action.label);
    button.addEventListener('click', () => {
      notice.remove();
      action.run();
    });
    notice.append(button);
  }
  const close = make(
    'button',
    { type: 'button', className: 'icon-button small', ariaLabel: 'Close' },
    makeIcon('close'),
  );
  close.addEventListener('click', () => notice.remove());
  notice.append(close);
  region.append(notice);
  if (forMs) setTimeout(() => notice.remove(), forMs);
}

export function hideNotice(key) {
  region.querySelector(`[data-key="${key}"]`)?.remove();
}

export function hideAllNotices() {
  region.replaceChildren();
}

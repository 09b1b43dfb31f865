/** The agent's opinion of a call, kept with its report. */
import { make } from './dom.js';
import { log, logError } from './event-log.js';

/** Opinion of listening quality: ITU-T P.800. */
const SCORES = [
  [5, 'Excellent'],
  [4, 'Good'],
  [3, 'Fair'],
  [2, 'Poor'],
  [1, 'Bad'],
];
/** Who is content is not asked what was wrong. */
const CONTENT = 4;

const ISSUES = [
  ['noAudio', 'No audio'],
  ['oneWayAudio', 'One side was not heard'],
  ['choppy', 'Choppy'],
  ['distorted', 'Distorted'],
  ['noise', 'Noise'],
  ['echo', 'Echo'],
  ['delay', 'Delay'],
  ['tooQuiet', 'Too quiet'],
  ['dropped', 'Call was cut off'],
  ['other', 'Something else'],
];

let count = 0;

/** @param {Record<string, HTMLElement>} parts `feedback` (a form), `scores`, `issues`, `comment`, `thanks`, `trouble` */
export function bindFeedback(call, { feedback, scores, issues, comment, thanks, trouble }) {
  const group = `score-${(count += 1)}`;
  scores.append(...SCORES.map(([value, label]) => choice({ type: 'radio', name: group, value, label })));
  issues.append(...ISSUES.map(([value, label]) => choice({ type: 'checkbox', name: 'issue', value, label })));
  feedback.addEventListener('change', () => {
    trouble.hidden = Number(chosen(scores)[0]) >= CONTENT;
  });
  feedback.addEventListener('submit', (event) => {
    event.preventDefault();
    const score = Number(chosen(scores)[0]);
    const words = comment.value.trim();
    const problems = trouble.hidden ? [] : chosen(issues);
    try {
      call.setFeedback({ score, issues: problems, ...(words ? { comment: words } : {}) });
    } catch (error) {
      logError(error);
      return;
    }
    log('call', `Feedback: ${score} of 5`, problems.join(', '));
    feedback.hidden = true;
    thanks.hidden = false;
    thanks.focus();
  });
}

function choice({ type, name, value, label }) {
  const input = make('input', { type, name, value: String(value), required: type === 'radio' });
  input.dataset.testid = `feedback-${value}`;
  return make('label', { className: 'chip' }, input, make('span', {}, label));
}

const chosen = (root) => [...root.querySelectorAll('input:checked')].map(({ value }) => value);

/**
 * How a call sounds: grade, score and the last minute in one line, all figures when it is opened. Screen readers are
 * told when the grade settles on another one and when a warning comes or goes, not each second.
 */
import { announce, make } from './dom.js';
import { log } from './event-log.js';
import { formatTime } from './format.js';
import { FIGURES, formatGrade, formatScore, UNKNOWN, warningName } from './quality-words.js';
import { createSparkline } from './sparkline.js';

/** A grade that lasts as long is said: at the border of two grades samples go to and fro. */
const SETTLED_SAMPLES = 3;
const MOST_WARNINGS = 20;

/**
 * @param {object} call of the SDK
 * @param {Record<string, HTMLElement>} parts of the card: `quality`, `grade`, `score`, `sparkline`, `figures`,
 *   `warnings`
 * @param {string} who for the screen reader
 */
export function bindQualityPanel(call, parts, who) {
  const sparkline = createSparkline();
  parts.sparkline.append(sparkline.element);
  const cells = FIGURES.map(([label, testId]) => {
    const cell = make('dd', {}, UNKNOWN);
    cell.dataset.testid = `quality-${testId}`;
    parts.figures.append(make('div', { className: `figure-${testId}` }, make('dt', {}, label), cell));
    return cell;
  });

  const said = settledGrade((grade) => announce(`${who}: call quality ${formatGrade(grade).toLowerCase()}`));
  call.on('quality', (sample) => {
    parts.quality.dataset.grade = sample.grade ?? UNKNOWN;
    parts.grade.textContent = formatGrade(sample.grade);
    parts.score.textContent = sample.mos === null ? '' : formatScore(sample.mos);
    sparkline.add(sample.mos);
    FIGURES.forEach(([, , words], index) => {
      const text = words(sample);
      if (cells[index].textContent !== text) cells[index].textContent = text;
    });
    said(sample.grade);
  });

  const standing = new Map();
  call.on('warning', ({ name }) => {
    const row = warningRow(name);
    standing.set(name, row);
    parts.noWarnings.hidden = true;
    parts.warnings.prepend(row.element);
    if (parts.warnings.childElementCount > MOST_WARNINGS) parts.warnings.lastElementChild.remove();
    log('call', `Warning: ${warningName(name)}`, name);
    announce(`${who}: ${warningName(name)}`);
  });
  call.on('warningCleared', ({ name }) => {
    standing.get(name)?.clear();
    standing.delete(name);
    log('call', `Over: ${warningName(name)}`, name);
    announce(`${who}: over: ${warningName(name)}`);
  });
}

function warningRow(name) {
  const until = make('span', {}, 'now');
  const raisedAt = formatTime(new Date());
  const element = make(
    'li',
    {},
    make('span', { className: 'warning-name' }, warningName(name)),
    make('span', { className: 'muted' }, `${raisedAt} to `, until),
  );
  element.dataset.warning = name;
  element.dataset.state = 'raised';
  return {
    element,
    clear() {
      element.dataset.state = 'cleared';
      until.textContent = formatTime(new Date());
    },
  };
}

/** Calls `say` with a grade that has lasted and is another one than before; the first one is no news. */
function settledGrade(say) {
  let settled;
  let candidate;
  let count = 0;
  return (grade) => {
    count = grade === candidate ? count + 1 : 1;
    candidate = grade;
    if (grade === null || count !== SETTLED_SAMPLES || grade === settled) return;
    if (settled !== undefined) say(grade);
    settled = grade;
  };
}

/** What remains of a call: how long it was, how it sounded, and what the agent thinks of it. */
import { reportOf } from './call-state.js';
import { bindFeedback } from './feedback.js';
import { formatDuration } from './format.js';
import { formatGrade, formatScore, UNKNOWN, warningName, worstOf } from './quality-words.js';

/**
 * @param {object} call of the SDK
 * @param {object} end the payload of its `disconnect` event
 * @param {Record<string, HTMLElement>} parts of the card: `summary`, `summaryDuration`, `summaryScore`,
 *   `summaryWarning`, and those of the feedback
 */
export function showSummary(call, end, parts) {
  if (end.durationMs === 0) return; // nobody talked
  // Your backend wants `report` (or `call.getReport()` at any time later): under 60 kB, without numbers or addresses.
  const report = reportOf(call);
  const quality = report?.quality ?? end.quality; // a tab that only showed the call has the summary alone
  const mos = quality?.mos?.average;
  parts.summaryDuration.textContent = formatDuration(end.durationMs);
  parts.summaryScore.textContent =
    mos === undefined ? UNKNOWN : `${formatScore(mos)}, ${formatGrade(quality.grade).toLowerCase()}`;
  const worst = worstOf(quality?.warnings ?? []);
  parts.summaryWarning.textContent = worst ? warningName(worst) : quality ? 'none' : UNKNOWN;
  parts.summary.hidden = false;
  if (report) bindFeedback(call, parts);
  else parts.feedback.hidden = true;
}

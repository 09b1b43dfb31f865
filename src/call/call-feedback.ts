import { nowMs } from '../core/clock';
import { voiceError } from '../core/errors';

/** What was wrong with a call, as an agent would say it. */
export type CallIssue =
  | 'noAudio'
  | 'oneWayAudio'
  | 'choppy'
  | 'distorted'
  | 'noise'
  | 'echo'
  | 'delay'
  | 'tooQuiet'
  | 'dropped'
  | 'other';

const ISSUES: readonly CallIssue[] = [
  ...(['noAudio', 'oneWayAudio', 'choppy', 'distorted', 'noise', 'echo'] as const),
  ...(['delay', 'tooQuiet', 'dropped', 'other'] as const),
];

/** Not from a standard: a paragraph. */
const LONGEST_COMMENT = 1_000;

/** What the agent thinks of a call. */
export interface CallFeedback {
  /** Opinion of listening quality, a whole number from 1 (bad) to 5 (excellent): ITU-T P.800, Annex B.4. */
  readonly score: number;
  /** What was wrong. Default: nothing. */
  readonly issues?: readonly CallIssue[];
  /** In the agent's own words, at most 1000 characters. Default: none. */
  readonly comment?: string;
}

/** Feedback in a report. */
export interface ReportedFeedback extends CallFeedback {
  /** Each once. */
  readonly issues: readonly CallIssue[];
  /** When it was given; ISO 8601, UTC. */
  readonly at: string;
}

/** Checks what a JavaScript caller may pass. @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkFeedback(feedback: CallFeedback): ReportedFeedback {
  const given = feedback as Partial<Record<keyof CallFeedback, unknown>> | null | undefined;
  if (typeof given !== 'object' || given === null) fail('feedback', 'an object');
  const { score, issues = [], comment } = given;
  if (!Number.isInteger(score) || Number(score) < 1 || Number(score) > 5)
    fail('score', 'a whole number from 1 to 5');
  if (!Array.isArray(issues) || !issues.every((issue) => (ISSUES as readonly unknown[]).includes(issue)))
    fail('issues', `a list of ${ISSUES.join(', ')}`);
  if (comment !== undefined && (typeof comment !== 'string' || comment.length > LONGEST_COMMENT))
    fail('comment', `a string of at most ${LONGEST_COMMENT} characters`);
  return Object.freeze({
    score: Number(score),
    issues: Object.freeze([...new Set(issues as CallIssue[])]),
    ...(comment === undefined ? {} : { comment: comment }),
    at: new Date(nowMs()).toISOString(),
  });
}

function fail(name: string, expected: string): never {
  throw voiceError('INVALID_ARGUMENT', `${name} must be ${expected}.`);
}

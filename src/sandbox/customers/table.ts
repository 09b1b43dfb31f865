/** The customers that every sandbox has. Data, so that a page or a README can list them. */
import type { CustomerBehaviour } from '../contract/customer';

/** A customer that every sandbox has. */
export interface CustomerDescription extends CustomerBehaviour {
  /** E.164, of the range that is reserved for fiction. */
  readonly number: string;
  /** A short name that can be dialled as well. */
  readonly name: string;
  /** What the agent's phone shows. */
  readonly displayName: string;
  /** What happens when one calls it, in a few words. */
  readonly description: string;
}

/** A number behind which there is nobody: the network itself answers. */
export interface DeadNumber {
  /** E.164, of the range that is reserved for fiction. */
  readonly number: string;
  /** A short name that can be dialled as well. */
  readonly name: string;
  /** What happens when one calls it, in a few words. */
  readonly description: string;
  /** The SIP status that the caller hears. */
  readonly status: number;
  /** Its reason phrase. */
  readonly reason: string;
}

/** The customers of every sandbox, in the order of their numbers. */
export const builtInCustomers: readonly CustomerDescription[] = [
  {
    number: '+12025550101',
    name: 'echo',
    displayName: 'Echo',
    description: 'answers and sends back what you say',
    plays: 'echo',
  },
  {
    number: '+12025550102',
    name: 'music',
    displayName: 'Music',
    description: 'answers and plays a melody',
    plays: 'melody',
  },
  {
    number: '+12025550103',
    name: 'tone',
    displayName: 'Tone',
    description: 'answers and plays a steady 440 Hz tone',
    toneHz: 440,
  },
  {
    number: '+12025550104',
    name: 'busy',
    displayName: 'Busy',
    description: 'is busy (486)',
    onCall: { refuseWith: 486 },
  },
  {
    number: '+12025550105',
    name: 'decline',
    displayName: 'Decline',
    description: 'declines the call (603)',
    onCall: { refuseWith: 603 },
  },
  {
    number: '+12025550106',
    name: 'no-answer',
    displayName: 'No answer',
    description: 'rings and never answers',
    onCall: 'ring',
  },
  {
    number: '+12025550107',
    name: 'slow',
    displayName: 'Slow',
    description: 'rings for 3 s, then answers and plays a tone',
    answerAfterMs: 3000,
    toneHz: 523,
  },
  {
    number: '+12025550108',
    name: 'hangs-up',
    displayName: 'Hangs up',
    description: 'answers and hangs up after 2 s',
    toneHz: 587,
    hangsUpAfterMs: 2000,
  },
  {
    number: '+12025550109',
    name: 'digits',
    displayName: 'Digits',
    description: 'answers and keys 1 2 3 #',
    sendsDigits: '123#',
    toneHz: 659,
  },
  {
    number: '+12025550110',
    name: 'calls-back',
    displayName: 'Calls back',
    description: 'answers; calls you back 2 s after you hang up',
    toneHz: 698,
    callsBackAfterMs: 2000,
  },
  {
    number: '+12025550111',
    name: 'early-media',
    displayName: 'Early media',
    description: 'plays a tone for 2 s before it answers (183)',
    earlyMediaMs: 2000,
    toneHz: 784,
  },
  {
    number: '+12025550112',
    name: 'listener',
    displayName: 'Listener',
    description: 'answers, says nothing and notes the digits you key',
    plays: 'silence',
  },
];

/** The numbers that nobody answers. */
export const deadNumbers: readonly DeadNumber[] = [
  {
    number: '+12025550198',
    name: 'unavailable',
    description: 'is switched off (480)',
    status: 480,
    reason: 'Temporarily Unavailable',
  },
  {
    number: '+12025550199',
    name: 'unknown',
    description: 'does not exist (404)',
    status: 404,
    reason: 'Not Found',
  },
];

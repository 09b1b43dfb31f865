/** What is tried: faults, outages and states; every combination that means something is a cell for each SDK. */

export const SDKS = ['ours', 'raw'] as const;
export type Sdk = (typeof SDKS)[number];

export const FAULTS = ['cut', 'frozen', 'server', 'offline', 'link', 'page'] as const;
export type FaultName = (typeof FAULTS)[number];

export const STATES = [
  'idle',
  'ringing in',
  'ringing out',
  'in call',
  'on hold',
  'mid re-INVITE',
  'far end hangs up',
] as const;
export type State = (typeof STATES)[number];

/** What each fault does, for the reader of the table. */
export const WHAT: Readonly<Record<FaultName, string>> = {
  cut: 'The TCP connection of the WebSocket is closed; new ones are refused during the outage. Server and media live on.',
  frozen:
    'The TCP connection of the WebSocket carries nothing any more and is never closed; new ones carry nothing during the outage and work afterwards. Server and media live on.',
  server:
    'Kamailio is killed (SIGKILL) and started again after the outage. It forgets its transactions and connections; where agents were it learns again from the other edge. RTPengine and media live on.',
  offline: "The browser's only network interface is down during the outage, for signalling and media.",
  link: 'The interface in use goes down and another one with another address comes up, at the same moment. The first is back after the outage.',
  page: 'The page is frozen (Page.setWebLifecycleState) during the outage; the network lives.',
};

/** A frozen page runs no script, so nothing can be said of its calls but how they begin. */
const OF_A_FROZEN_PAGE: readonly State[] = ['idle', 'ringing in', 'ringing out'];

export interface Group {
  readonly fault: FaultName;
  readonly outageMs: number;
  readonly states: readonly State[];
}

/** Groups that run side by side. */
export type Wave = readonly Group[];

/**
 * No more agents at once than two shared cores can let talk: fourteen calls a group, half of them raw JsSIP's, so two
 * groups at most, and only where their outages do not make all of them come back at the same moment. Those of a frozen
 * page hardly talk.
 */
const WAVES: readonly (readonly (readonly [FaultName, number])[])[] = [
  // A connection that is cut and may be made anew at once.
  [
    ['cut', 0],
    ['page', 500],
  ],
  [
    ['cut', 500],
    ['page', 5_000],
  ],
  [['frozen', 500]],
  [['server', 500]],
  [['offline', 500]],
  [['link', 500]],
  [
    ['cut', 5_000],
    ['frozen', 5_000],
  ],
  [['server', 5_000]],
  [['offline', 5_000]],
  [['link', 5_000]],
  [
    ['cut', 30_000],
    ['frozen', 30_000],
  ],
  [
    ['server', 30_000],
    ['offline', 30_000],
  ],
  [
    ['link', 30_000],
    ['page', 30_000],
  ],
];

/** Words of the command line: each has to be in a cell's name. Without words it is everything. */
export function wavesFor(words: readonly string[]): Wave[] {
  return WAVES.map((wave) =>
    wave
      .map(([fault, outageMs]) => ({ fault, outageMs, states: statesOf(fault, outageMs, words) }))
      .filter(({ states }) => states.length > 0),
  ).filter((wave) => wave.length > 0);
}

function statesOf(fault: FaultName, outageMs: number, words: readonly string[]): State[] {
  const states = fault === 'page' ? OF_A_FROZEN_PAGE : STATES;
  return states.filter((state) => {
    const name = nameOf(fault, outageMs, state);
    // "5 s" is not "0.5 s".
    return words.every((word) => ` ${name}`.includes(` ${word}`));
  });
}

/** `cut 0.5 s, in call`, as in the report of vitest. */
export function nameOf(fault: FaultName, outageMs: number, state: State): string {
  return `${fault} ${outageMs / 1000} s, ${state}`;
}

// The table of results: for each fault, state by outage, this SDK beside raw JsSIP.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';

const HEAD = [
  'outage',
  'state',
  'call',
  'raw',
  'audio gap',
  'raw',
  'registered',
  'raw',
  'reachable',
  'raw',
  '',
];

const seconds = (ms) => `${ms / 1000} s`;
const time = (ms) => (ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms} ms`);

/** `kept`, or how it ended. A call that the far end has left: when the agent knew. */
function callOf({ isKept, end, endedMs }) {
  if (endedMs !== undefined) return endedMs === null ? 'zombie' : `over after ${time(endedMs)}`;
  if (isKept === null) return '';
  return isKept ? 'kept' : `lost (${end ?? 'not told'})`;
}

const gapOf = ({ gapMs }) => (gapMs === null ? '' : time(gapMs));
const reachOf = ({ isReachable }) => (isReachable === null ? '' : isReachable ? 'yes' : 'no');

function registeredOf({ registeredMs }) {
  if (registeredMs === null) return 'never';
  return registeredMs < 0 ? 'still' : time(registeredMs);
}

function rowOf({ outageMs, state, outcome, note, ours, raw }) {
  const figures = [callOf, gapOf, registeredOf, reachOf].flatMap((of) =>
    [ours, raw].map((one) => (one ? of(one) : '')),
  );
  // One line, and no cell of its own.
  const text = (outcome === 'never' ? 'never ran' : note)
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .trim();
  return [seconds(outageMs), state, ...figures, outcome === 'pass' ? 'pass' : `FAIL: ${text}`];
}

function byFault(cells) {
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  return faults.map((fault) => {
    const own = cells.filter((cell) => cell.fault === fault).sort((a, b) => a.outageMs - b.outageMs);
    return { fault, what: own[0].what, cells: own };
  });
}

export function sumOf(cells) {
  const passed = cells.filter(({ outcome }) => outcome === 'pass').length;
  return `${passed} passed, ${cells.length - passed} failed`;
}

/** A busy page does everything late: said, so that nobody believes figures of a machine that cannot keep up. */
export function lateOf(cells) {
  return `Timers of the pages were late by ${time(Math.max(0, ...cells.map(({ lateMs = 0 }) => lateMs)))} at worst`;
}

/** How many calls of those that could be kept were kept, by each SDK. */
export function keptOf(cells) {
  const of = (sdk) => {
    const all = cells.map((cell) => cell[sdk]).filter((one) => one !== undefined && one.isKept !== null);
    return `${all.filter(({ isKept }) => isKept).length} of ${all.length}`;
  };
  return `Calls kept: ${of('ours')}; raw JsSIP: ${of('raw')}`;
}

/** Prints every cell that ran; those that never ran too when all should have. */
export function printTable(cells, isWhole) {
  const shown = cells.filter(({ outcome }) => isWhole || outcome !== 'never');
  for (const { fault, cells: own } of byFault(shown)) {
    const rows = [HEAD, ...own.map(rowOf)];
    const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
    console.log(`\n${fault}`);
    for (const row of rows) {
      console.log(
        row
          .map((text, column) => text.padEnd(widths[column]))
          .join('  ')
          .trimEnd(),
      );
    }
  }
  console.log(`\n${keptOf(shown)}\n${lateOf(shown)}\n${sumOf(shown)}`);
}

/** Writes the tables as Markdown. */
export async function writeResults(file, cells, versions) {
  const day = new Date().toISOString().slice(0, 10);
  const lines = [
    '# Results of the fault tests',
    '',
    `Written by \`npm run test:faults\` on ${day}: ${sumOf(cells)}. ${keptOf(cells)}. ${lateOf(cells)}.`,
    '',
    `With ${versions}.`,
    '',
    'Each figure of this SDK stands beside that of raw JsSIP 3.13.8 with its defaults, from the same outage in the same',
    'run. *Call*: whether it lives at the end with audio both ways; an incoming call is answered, an outgoing one is',
    'answered by the far end, a held one is resumed 1 s after the agent is registered again (10 s after the outage at',
    'the latest). *Audio gap*: in a call the longest silence at either end, else the time from answering or resuming',
    'to audio at both ends; by the pitch of what is heard. *Registered*: from the moment at which a new connection',
    'was possible to the 200 of a REGISTER on the wire; *still* where the old registration outlived the fault.',
    '*Reachable*: an agent without a call rings when called at the end, one in a call learns that the far end hangs up. The',
    'far end is raw JsSIP at another edge, and answers the newest call that rings; media goes directly between the browsers.',
    '',
    ...byFault(cells).flatMap(({ fault, what, cells: own }) => [
      `## ${fault}`,
      '',
      what,
      '',
      `| ${[...HEAD.slice(0, -1), 'result'].join(' | ')} |`,
      `| ${HEAD.map(() => '---').join(' | ')} |`,
      ...own.map((cell) => `| ${rowOf(cell).join(' | ')} |`),
      '',
    ]),
  ];
  await writeFile(file, await format(`${lines.join('\n')}\n`, { parser: 'markdown', printWidth: 110 }));
}

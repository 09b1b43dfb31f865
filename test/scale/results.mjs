// The figures of a run as text: on the terminal as they are, and as Markdown.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';

const STACKS = { sdk: 'this SDK', raw: 'raw JsSIP' };
const BAR = 36;

const seconds = (ms) => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`);
const returnsOf = (figures) => figures.filter(({ kind }) => kind === 'return');
const factsOf = (figures) => figures.filter(({ kind }) => kind === 'fact');
const outagesOf = (returns) => [...new Set(returns.map(({ outageMs }) => outageMs))];

const COLUMNS = [
  ['outage', ({ outageMs }) => seconds(outageMs)],
  ['', ({ stack }) => STACKS[stack]],
  ['back', ({ back, agents }) => `${back} of ${agents}`],
  ['50 %', ({ backMs }) => seconds(backMs['50'])],
  ['95 %', ({ backMs }) => seconds(backMs['95'])],
  ['all', ({ backMs }) => seconds(backMs['100'])],
  ['REGISTERs', ({ registers }) => registers],
  ['busiest second', ({ peakPerSecond }) => peakPerSecond],
  ['busiest 100 ms', ({ peakPer100Ms }) => peakPer100Ms],
  ['connection attempts', ({ attempts }) => attempts],
  ['busiest second of them', ({ attemptPeakPerSecond }) => attemptPeakPerSecond],
  ['credentials fetched', ({ credentialsAsked }) => credentialsAsked],
  ['processor time each', ({ cpuMsPerAgent }) => `${cpuMsPerAgent.toFixed(1)} ms`],
  ['agents too busy for', ({ lagMs }) => `${lagMs} ms`],
];

/** By outage, the SDK before JsSIP. */
function rowsOf(figures) {
  const returns = returnsOf(figures);
  return outagesOf(returns).flatMap((outageMs) =>
    returns
      .filter((one) => one.outageMs === outageMs)
      .map((one) => COLUMNS.map(([, valueOf]) => String(valueOf(one)))),
  );
}

/** REGISTERs of each second, a bar for each stack side by side. */
function histogramOf(returns) {
  const series = Object.keys(STACKS).map(
    (stack) => returns.find((one) => one.stack === stack)?.registersEachSecond ?? [],
  );
  const most = Math.max(1, ...series.flat());
  const rows = Math.max(...series.map(({ length }) => length));
  const lines = [`  s  ${STACKS.sdk.padEnd(BAR + 6)}${STACKS.raw}`];
  for (let second = 0; second < rows; second += 1) {
    const bars = series.map((counts) => {
      const count = counts[second] ?? 0;
      const length = count === 0 ? 0 : Math.max(1, Math.round((count / most) * BAR));
      return `${String(count).padStart(4)} ${'#'.repeat(length)}`;
    });
    lines.push(`${String(second).padStart(3)} ${bars[0].padEnd(BAR + 6)} ${bars[1]}`.trimEnd());
  }
  return lines;
}

export function printFigures(figures) {
  const rows = [COLUMNS.map(([title]) => title), ...rowsOf(figures)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log('');
  if (rows.length > 1)
    for (const row of rows) console.log(row.map((text, column) => text.padStart(widths[column])).join('  '));
  const returns = returnsOf(figures);
  for (const outageMs of outagesOf(returns)) {
    console.log(`\nREGISTERs in each second after the kill, outage of ${seconds(outageMs)}`);
    for (const line of histogramOf(returns.filter((one) => one.outageMs === outageMs))) console.log(line);
  }
  for (const { title, text } of factsOf(figures)) console.log(`\n${title}: ${text}`);
}

/** Writes all of it as Markdown. */
export async function writeResults(file, figures, { passed, failed }, versions) {
  const returns = returnsOf(figures);
  const tableOf = (head, rows) => [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`),
  ];
  const lines = [
    '# Results of the scale test',
    '',
    `Written by \`npm run test:scale\` on ${new Date().toISOString().slice(0, 10)}: ${passed} passed, ${failed} failed.`,
    '',
    `With ${versions}.`,
    '',
    'Kamailio is killed (SIGKILL) under all agents and started again after the outage. Times count from the moment when',
    'it serves again. REGISTERs are counted in its own log as they arrive (each agent needs two: one is challenged),',
    'connection attempts by the kernel, from the kill on. All agents live in two processes on the machine of the edge:',
    'where these were too busy for their timers, the peak is that of the machine and would be higher without that.',
    '',
    ...tableOf(
      COLUMNS.map(([title]) => title),
      rowsOf(figures),
    ),
    ...outagesOf(returns).flatMap((outageMs) => [
      '',
      `REGISTERs in each second after the kill, outage of ${seconds(outageMs)}:`,
      '',
      '```text',
      ...histogramOf(returns.filter((one) => one.outageMs === outageMs)),
      '```',
    ]),
    '',
    ...tableOf(
      ['two edges', 'measured'],
      factsOf(figures).map(({ title, text }) => [title, text]),
    ),
  ];
  await writeFile(file, await format(`${lines.join('\n')}\n`, { parser: 'markdown', printWidth: 110 }));
}

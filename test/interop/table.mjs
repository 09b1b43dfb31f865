// The table of results: scenario by browser by server, with the measured figure or with what went wrong.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';

const MARKS = { pass: 'pass', fail: 'FAIL', never: 'FAIL', none: 'not applicable' };

/** The rows of the table, ordered by scenario as planned, then server, then browser. */
export function rowsOf(cells) {
  const order = [...new Set(cells.map(({ scenario }) => scenario))];
  return cells
    .map((cell, at) => ({ cell, at }))
    .sort((a, b) => order.indexOf(a.cell.scenario) - order.indexOf(b.cell.scenario) || a.at - b.at)
    .map(({ cell }) => [cell.scenario, cell.browsers, cell.world, MARKS[cell.outcome], noteOf(cell)]);
}

function noteOf({ outcome, note }) {
  const text = outcome === 'never' ? 'never ran' : note;
  // One line, and no cell of its own.
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

export function sumOf(cells) {
  const count = (...outcomes) => cells.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return `${count('pass')} passed, ${count('fail', 'never')} failed, ${count('none')} not applicable`;
}

/** Prints every cell that ran; those that never ran too when all should have. */
export function printTable(cells, isWhole) {
  const shown = cells.filter(({ outcome }) => isWhole || outcome === 'pass' || outcome === 'fail');
  const rows = rowsOf(shown);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column].length)));
  console.log('');
  for (const row of rows) {
    console.log(row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '));
  }
  console.log(sumOf(shown));
}

/** Writes the table as Markdown. */
export async function writeResults(file, cells, versions) {
  const day = new Date().toISOString().slice(0, 10);
  const lines = [
    '# Results of the interop tests',
    '',
    `Written by \`npm run test:interop\` on ${day}: ${sumOf(cells)}.`,
    '',
    `With ${versions}.`,
    '',
    '| scenario | browser | server | result | measured |',
    '| --- | --- | --- | --- | --- |',
    ...rowsOf(cells).map((row) => `| ${row.join(' | ')} |`),
  ];
  await writeFile(file, await format(`${lines.join('\n')}\n`, { parser: 'markdown', printWidth: 110 }));
}

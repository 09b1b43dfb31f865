// The tables of results.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';

const HEADS = {
  networks: ['true loss', 'true delay', 'buffer', 'MOS', 'E-model', 'busy', 'raised and cleared'],
  silences: ['raised after', 'cleared after'],
};

function tableOf(rows, table) {
  const heads = HEADS[table];
  const own = rows.filter((row) => row.table === table);
  return [
    ['call', ...heads, 'result'],
    ...own.map(({ name, outcome, note, columns = {} }) => {
      // One line, and no cell of its own.
      const text = (outcome === 'never' ? 'never ran' : note)
        .replaceAll(/\s+/g, ' ')
        .replaceAll('|', '\\|')
        .trim();
      return [
        name,
        ...heads.map((head) => columns[head] ?? ''),
        outcome === 'pass' ? 'pass' : `FAIL: ${text}`,
      ];
    }),
  ];
}

export function sumOf(rows) {
  const passed = rows.filter(({ outcome }) => outcome === 'pass').length;
  return `${passed} passed, ${rows.length - passed} failed`;
}

/** Prints every row that ran; those that never ran too when all should have. */
export function printTables(rows, isWhole) {
  const shown = rows.filter(({ outcome }) => isWhole || outcome !== 'never');
  for (const table of Object.keys(HEADS)) {
    const lines = tableOf(shown, table);
    if (lines.length === 1) continue;
    const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
    console.log('');
    for (const line of lines) {
      console.log(
        line
          .map((text, column) => text.padEnd(widths[column]))
          .join('  ')
          .trimEnd(),
      );
    }
  }
  console.log(`\n${sumOf(shown)}`);
}

function markdownOf(lines) {
  const [head, ...rest] = lines.map((line) => `| ${line.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(lines[0].length)}`, ...rest];
}

/** Writes the tables as Markdown. */
export async function writeResults(file, rows, versions) {
  const day = new Date().toISOString().slice(0, 10);
  const lines = [
    '# Quality of calls through bad networks',
    '',
    `Written by \`npm run test:quality\` on ${day}: ${sumOf(rows)}.`,
    '',
    `With ${versions}.`,
    '',
    'Two pages call each other, each call through a UDP relay of its own, four at a time. The network is good for',
    '3 s, bad for 22 s and good again for 18 s, in both directions. _True loss_ and _true delay_ (one way) are what the relay did to',
    'the packets that this agent hears, in the last 11 s of the bad network; _buffer_ is how long the browser then held them',
    'back, by its own statistics. _MOS_ is the mean of what the SDK said in that time. _E-model_ is ITU-T G.107 (for Opus',
    'G.107.2) with the true loss, and the true delay plus buffer and frame, by code that the SDK does not share.',
    '_Busy_: the machine had so much to do that round trips took 60 ms more than in the network, or packets were played too',
    'late; what the SDK says of that is not held against it. _Raised and cleared_: after the beginning of the bad network, and after its end.',
    '',
    ...markdownOf(tableOf(rows, 'networks')),
    '',
    '## One side hears nothing',
    '',
    'From the beginning of the silence, and from its end.',
    '',
    ...markdownOf(tableOf(rows, 'silences')),
    '',
  ];
  await writeFile(file, await format(lines.join('\n'), { parser: 'markdown', printWidth: 110 }));
}

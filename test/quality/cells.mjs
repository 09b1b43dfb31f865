// The record of a run, one JSON line for each thing that happened to a row of the table. It is kept in a file, so that a
// run that breaks off still tells what was planned, and what never ran.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export function writeRow(file, row) {
  appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** Every planned row in the order of planning, with the last that was written of it. */
export function readRows(file) {
  const rows = new Map();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  for (const line of lines) {
    const row = JSON.parse(line);
    rows.set(row.name, row);
  }
  return [...rows.values()];
}

// The record of a run, one JSON line for each thing that happened to a cell. It is kept in a file, so that a run
// that breaks off still tells what was planned, and which cells never ran.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Appends what is known of a cell. */
export function writeCell(file, cell) {
  appendFileSync(file, `${JSON.stringify(cell)}\n`);
}

/** Every planned cell in the order of planning, with the last that was written of it. */
export function readCells(file) {
  const cells = new Map();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  for (const line of lines) {
    const cell = JSON.parse(line);
    cells.set(`${cell.fault}|${cell.outageMs}|${cell.state}`, cell);
  }
  return [...cells.values()];
}

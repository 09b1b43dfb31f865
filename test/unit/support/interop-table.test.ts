import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCells, writeCell, type Cell } from '../../interop/cells.mjs';
import { rowsOf, sumOf } from '../../interop/table.mjs';

const cell = (scenario: string, outcome: Cell['outcome'], more: Partial<Cell> = {}): Cell => ({
  scenario,
  browsers: 'chromium',
  world: 'sandbox',
  outcome,
  note: '',
  ...more,
});

describe('the table of the interop tests', () => {
  it('counts a cell that never ran as failed, and says so', () => {
    const cells = [cell('hold', 'pass'), cell('mute', 'never'), cell('update', 'none', { note: 'has none' })];
    expect(sumOf(cells)).toBe('1 passed, 1 failed, 1 not applicable');
    expect(rowsOf(cells)[1]).toEqual(['mute', 'chromium', 'sandbox', 'FAIL', 'never ran']);
    expect(rowsOf(cells)[2]).toEqual(['update', 'chromium', 'sandbox', 'not applicable', 'has none']);
  });

  it('keeps the cells of a scenario together, whatever the order in which they ran', () => {
    const cells = [
      cell('hold', 'pass'),
      cell('mute', 'pass'),
      cell('hold', 'pass', { world: 'kamailio' }),
      cell('mute', 'pass', { world: 'kamailio' }),
    ];
    expect(rowsOf(cells).map(([scenario, , world]) => [scenario, world])).toEqual([
      ['hold', 'sandbox'],
      ['hold', 'kamailio'],
      ['mute', 'sandbox'],
      ['mute', 'kamailio'],
    ]);
  });

  it('lets no note break out of its row', () => {
    const [row] = rowsOf([cell('hold', 'fail', { note: 'first\nsecond | third\r\n' })]);
    expect(row?.at(-1)).toBe('first second \\| third');
  });
});

describe('the record of a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'voice-sdk-cells-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('has every planned cell once, with the last that is known of it', () => {
    const file = join(folder, 'cells.jsonl');
    writeCell(file, cell('hold', 'never'));
    writeCell(file, cell('mute', 'never'));
    writeCell(file, cell('hold', 'pass', { note: '600 Hz' }));
    expect(readCells(file)).toEqual([cell('hold', 'pass', { note: '600 Hz' }), cell('mute', 'never')]);
  });

  it('is empty for a run that broke off before its first line', () => {
    expect(readCells(join(folder, 'none.jsonl'))).toEqual([]);
  });
});

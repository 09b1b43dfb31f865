import type { Cell } from './cells.mjs';

/** Scenario, browser, server, result and measured figure of each cell, in the order of the table. */
export function rowsOf(cells: readonly Cell[]): string[][];
/** `12 passed, 0 failed, 1 not applicable`; a cell that never ran has failed. */
export function sumOf(cells: readonly Cell[]): string;
export function printTable(cells: readonly Cell[], isWhole: boolean): void;
export function writeResults(file: URL, cells: readonly Cell[], versions: string): Promise<void>;

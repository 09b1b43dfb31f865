import type { FaultName, State } from './plan';
import type { Measured } from './support/cell';

export interface Cell {
  readonly fault: FaultName;
  readonly what: string;
  readonly outageMs: number;
  readonly state: State;
  /** `never` until it has run. */
  readonly outcome: 'pass' | 'fail' | 'never';
  /** What this SDK owes and did not give; why there is no result. */
  readonly note: string;
  /** By how much timers of the pages were late at worst. */
  readonly lateMs?: number;
  readonly ours?: Omit<Measured, 'story'>;
  readonly raw?: Omit<Measured, 'story'>;
}

export function writeCell(file: string, cell: Cell): void;
export function readCells(file: string): Cell[];

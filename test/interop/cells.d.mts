export interface Cell {
  readonly scenario: string;
  /** `chromium`, or `chromium + firefox` where the two parties use different ones. */
  readonly browsers: string;
  readonly world: string;
  /** `never` until it has run; `none` where it does not apply by declaration. */
  readonly outcome: 'pass' | 'fail' | 'never' | 'none';
  /** What was measured, what went wrong, or why it does not apply. */
  readonly note: string;
}

export function writeCell(file: string, cell: Cell): void;
export function readCells(file: string): Cell[];

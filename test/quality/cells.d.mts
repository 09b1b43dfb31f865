/** A row of one of the two tables. */
export interface Row {
  readonly name: string;
  readonly table: 'networks' | 'silences';
  /** `never` until it has run. */
  readonly outcome: 'pass' | 'fail' | 'never';
  /** What is wrong with it. */
  readonly note: string;
  /** What is shown of it, by the head of the column. */
  readonly columns?: Readonly<Record<string, string>>;
}

export function writeRow(file: string, row: Row): void;
export function readRows(file: string): Row[];

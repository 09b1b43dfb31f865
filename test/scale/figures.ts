/** What a run found out, kept in the laboratory's folder for the table that is written at its end. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** A stack's way back after one outage. */
export interface ReturnFigures {
  readonly kind: 'return';
  readonly stack: 'sdk' | 'raw';
  readonly agents: number;
  /** What was asked for, and what it was from the kill until the edge served again. */
  readonly outageMs: number;
  readonly measuredOutageMs: number;
  /** From the moment when the edge served again; null: not within the time. */
  readonly backMs: Readonly<Record<'50' | '95' | '100', number | null>>;
  readonly back: number;
  /** REGISTER requests within the busiest second, and the busiest 100 ms. */
  readonly peakPerSecond: number;
  readonly peakPer100Ms: number;
  readonly registers: number;
  /** TCP connection attempts, from the kill on. */
  readonly attempts: number;
  readonly attemptPeakPerSecond: number;
  /** Each second from the kill on. */
  readonly registersEachSecond: readonly number[];
  readonly attemptsEachSecond: readonly number[];
  readonly credentialsAsked: number;
  /** Processor time that the agents took, each on average. */
  readonly cpuMsPerAgent: number;
  /** For how long at most a process of agents was too busy for its timers. */
  readonly lagMs: number;
}

/** One line of facts, as it stands in the table. */
export interface FactFigures {
  readonly kind: 'fact';
  readonly title: string;
  readonly text: string;
}

export type Figures = ReturnFigures | FactFigures;

export function record(figures: Figures): void {
  const folder = process.env['SCALE_LAB'];
  if (folder === undefined) throw new Error('Run these tests by: npm run test:scale');
  appendFileSync(join(folder, 'figures.jsonl'), `${JSON.stringify(figures)}\n`);
}

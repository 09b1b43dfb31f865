/** Agents by the hundred, in processes of their own. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CREW = fileURLToPath(new URL('agents/crew.mjs', import.meta.url));
/** One process of Node can use one core; laptops of agents do not share theirs. */
const PROCESSES = 2;

/** Which telephone the agents have. */
export type Stack = 'sdk' | 'raw';

export interface CrewOptions {
  readonly secret: string;
  readonly domain: string;
  readonly registerExpiresSeconds: number;
}

export interface CrewFigures {
  /** For how long at most a process did nothing for its agents. */
  readonly lagMs: number;
  /** What all of them together took of the processors. */
  readonly cpuMs: number;
  /** How often agents asked their backend for credentials. */
  readonly credentialsAsked: number;
  /** WebSockets that are open or opening. */
  readonly sockets: number;
  /** Codes of `error` events. */
  readonly errors: readonly string[];
}

export interface Leftovers {
  readonly sockets: number;
  /** Devices (or user agents) that the garbage collector could not collect. */
  readonly phones: number;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

class CrewProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly ended: Promise<number | string>;
  #asked = 0;

  constructor(stack: Stack, options: CrewOptions) {
    this.#child = fork(CREW, [stack, JSON.stringify(options)], { execArgv: ['--expose-gc'] });
    this.#child.on('message', (message) => {
      const answer = message as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    this.ended = once(this.#child, 'exit').then(([code, signal]) => {
      const how = (code ?? signal) as number | string;
      for (const [id, settle] of this.#waiting) settle({ id, error: `the crew ended: ${how}` });
      return how;
    });
  }

  async ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const id = this.#asked++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, method, args });
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result as T;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

export class Crew {
  readonly #processes: readonly CrewProcess[];

  constructor(stack: Stack, options: CrewOptions) {
    this.#processes = Array.from({ length: PROCESSES }, () => new CrewProcess(stack, options));
  }

  /** Registers these agents at these edges, `perSecond` of them a second. */
  async register(users: readonly string[], urls: readonly string[], perSecond: number): Promise<void> {
    const answers = await this.#all<{ failed: string[] }>((member, at) =>
      member.ask(
        'register',
        users.filter((_, index) => index % PROCESSES === at),
        urls,
        perSecond / PROCESSES,
      ),
    );
    const failed = answers.flatMap((answer) => answer.failed);
    if (failed.length > 0) throw new Error(`${failed.length} did not register: ${failed[0] ?? ''}`);
  }

  /** Who says that they are registered, sorted. */
  async registered(): Promise<readonly string[]> {
    const answers = await this.#all<string[]>((member) => member.ask('registered'));
    return answers.flat().sort();
  }

  /** Since the last time this was asked. */
  async figures(): Promise<CrewFigures> {
    const all = await this.#all<CrewFigures>((member) => member.ask('figures'));
    const sum = (pick: (figures: CrewFigures) => number) =>
      all.reduce((total, figures) => total + pick(figures), 0);
    return {
      lagMs: Math.max(...all.map(({ lagMs }) => lagMs)),
      cpuMs: sum(({ cpuMs }) => cpuMs),
      credentialsAsked: sum(({ credentialsAsked }) => credentialsAsked),
      sockets: sum(({ sockets }) => sockets),
      errors: all.flatMap(({ errors }) => errors),
    };
  }

  /** Destroys every agent; resolves when their sockets have closed, after that time at most. */
  async stop(withinMs: number): Promise<void> {
    await this.#all((member) => member.ask('stop', withinMs));
  }

  /** What is left of agents that were destroyed; waits until it is nothing, for that time at most. */
  async leftovers(withinMs: number): Promise<Leftovers> {
    const all = await this.#all<Leftovers>((member) => member.ask('leftovers', withinMs));
    return {
      sockets: all.reduce((total, { sockets }) => total + sockets, 0),
      phones: all.reduce((total, { phones }) => total + phones, 0),
    };
  }

  /** Resolves when all processes have ended by themselves; `killed` where one had to be after that time. */
  async ended(withinMs: number): Promise<readonly (number | string)[]> {
    const timer = setTimeout(() => {
      this.kill();
    }, withinMs);
    const codes = await Promise.all(this.#processes.map((member) => member.ended));
    clearTimeout(timer);
    return codes;
  }

  kill(): void {
    for (const member of this.#processes) member.kill();
  }

  #all<T>(ask: (member: CrewProcess, at: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#processes.map(ask));
  }
}

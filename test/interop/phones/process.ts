/** A program that others wrote, started for a test and ended with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, createWriteStream, type WriteStream } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TypedEmitter } from '../../../src/core/emitter';
import { waitFor } from '../../../src/sandbox/wait';

/** What is kept of the output in memory; the file has all of it. */
const keptCharacters = 64 * 1024;
/** Enough of the end to see why a program gave up. */
const quotedLines = 20;
/** A program that has not ended this long after it was asked to is killed. */
const graceMs = 2_000;
const defaultTimeoutMs = 10_000;

export interface ProgramOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** Where Debian has it; named when it is missing. */
  readonly debianPackage: string;
  readonly cwd?: string;
  /** Variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes everything that the program prints. */
  readonly logFile: string;
}

interface ProgramEvents {
  /** Output as it comes, not cut into lines. */
  output: [text: string];
  /** The program has ended, with its status in words. */
  exit: [status: string];
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Program extends TypedEmitter<ProgramEvents> {
  #output = '';
  #status: string | undefined;
  readonly #log: WriteStream;
  readonly #child: ChildProcess;

  private constructor(private readonly options: ProgramOptions) {
    super();
    this.#log = createWriteStream(options.logFile);
    // setpriv ends the program with this process, however that ends; stdbuf, because programs that write into a
    // pipe keep their lines to themselves. Both become the program: its PID is theirs.
    const wrapped = ['--pdeathsig', 'KILL', 'stdbuf', '-oL', '-eL', options.command, ...(options.args ?? [])];
    this.#child = spawn('setpriv', wrapped, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log.write(text);
        this.#output = (this.#output + text).slice(-keptCharacters);
        this.emit('output', text);
      });
    }
    this.#child.once('error', ({ message }) => {
      this.#end(message);
    });
    // `close`, not `exit`: the last words may come after the end.
    this.#child.once('close', (code, signal) => {
      this.#end(signal === null ? `status ${code}` : `signal ${signal}`);
    });
  }

  /** @throws Error when the program is not installed, with the command that installs it */
  static start(options: ProgramOptions): Program {
    for (const command of [options.command, 'setpriv', 'stdbuf']) {
      const debianPackage = command === options.command ? options.debianPackage : 'util-linux coreutils';
      if (!isInstalled(command)) {
        throw new Error(`${command} is missing; on Debian: apt-get install ${debianPackage}`);
      }
    }
    return new Program(options);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasExited(): boolean {
    return this.#status !== undefined;
  }

  /** The last lines that it printed. */
  get lastLines(): string {
    return this.#output.trimEnd().split('\n').slice(-quotedLines).join('\n');
  }

  /**
   * Resolves when the output holds this, also in what it has printed already.
   * @throws Error (rejection) at the deadline and when the program ends before, with its last lines
   */
  async waitForOutput(pattern: RegExp, timeoutMs = defaultTimeoutMs): Promise<void> {
    await this.orExit(
      waitFor<undefined>(
        () => `${String(pattern)} from ${this.options.command}, but:\n${this.lastLines}\n`,
        timeoutMs,
        (resolve) => {
          const check = (): void => {
            if (pattern.test(this.#output)) resolve(undefined);
          };
          this.on('output', check);
          check();
          return () => this.off('output', check);
        },
      ),
    );
  }

  /** The result, unless the program ends before: then an Error with its last lines. */
  async orExit<Result>(result: Promise<Result>): Promise<Result> {
    let onExit: (status: string) => void = () => undefined;
    const exit = new Promise<never>((_, reject) => {
      onExit = (status) => {
        reject(new Error(`${this.options.command} ended with ${status}:\n${this.lastLines}`));
      };
      if (this.#status !== undefined) onExit(this.#status);
      else this.once('exit', onExit);
    });
    try {
      return await Promise.race([result, exit]);
    } finally {
      this.off('exit', onExit);
    }
  }

  /** Ends it, by force if it does not listen. Resolves when it has ended. Safe twice. */
  async stop(): Promise<void> {
    if (this.hasExited) return;
    const ended = new Promise<void>((resolve) => {
      this.once('exit', () => {
        resolve();
      });
    });
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await ended;
    clearTimeout(force);
  }

  #end(status: string): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    running.delete(this.#child);
    this.#log.end();
    this.emit('exit', status);
  }
}

function isInstalled(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

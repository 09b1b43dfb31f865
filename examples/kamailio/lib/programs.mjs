/** The servers as processes: each is started in a process group of its own, logs to a file, and is ended by its id. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, openSync, closeSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What each program is called and which Debian packages bring it. */
const PACKAGES = {
  kamailio: 'kamailio kamailio-websocket-modules kamailio-autheph-modules',
  haproxy: 'haproxy',
  rtpengine: 'rtpengine-daemon',
  turnserver: 'coturn',
  openssl: 'openssl',
};

/** Daemons live where the search path of an ordinary user does not lead. */
const SEARCH = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** @param {string} name */
function find(name) {
  for (const directory of SEARCH) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there: the next one.
    }
  }
  return undefined;
}

/**
 * Where the programs are.
 * @param {readonly (keyof typeof PACKAGES)[]} names
 * @returns {Record<string, string>}
 */
export function requirePrograms(names) {
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length > 0) {
    const packages = missing.map((name) => PACKAGES[name]).join(' ');
    throw new Error(
      `not installed: ${missing.join(', ')}. On Debian 12: apt-get install --no-install-recommends ${packages}`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, find(name) ?? name]));
}

const GRACE_MS = 3000;
const POLL_MS = 20;
const LOG_TAIL = 1500;

/** Groups that run now: whatever way this process ends, they end with it. */
const running = new Set();
process.on('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});

export class Program {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #hasExited = false;

  /**
   * @param {string} path
   * @param {readonly string[]} args
   * @param {string} logFile
   */
  constructor(path, args, logFile) {
    this.path = path;
    this.logFile = logFile;
    const log = openSync(logFile, 'a');
    // A group of its own, because the workers of a server that is killed would live on and hold its ports.
    this.#child = spawn(path, args, { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    running.add(this);
    this.exited = new Promise((resolve) => {
      const onEnd = () => {
        this.#hasExited = true;
        // Workers that outlived their parent.
        this.signal('SIGKILL');
        running.delete(this);
        resolve(undefined);
      };
      this.#child.once('exit', onEnd);
      this.#child.once('error', onEnd);
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get hasExited() {
    return this.#hasExited;
  }

  /** @param {NodeJS.Signals} signal to all processes of the group */
  signal(signal) {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }

  async stop() {
    if (this.#hasExited) return;
    this.#child.kill('SIGTERM');
    const grace = setTimeout(() => this.signal('SIGKILL'), GRACE_MS);
    await this.exited;
    clearTimeout(grace);
  }

  async kill() {
    if (this.#hasExited) return;
    this.signal('SIGKILL');
    await this.exited;
  }

  /**
   * Waits until the program serves.
   * @param {() => Promise<boolean>} isReady
   * @param {number} withinMs
   */
  async ready(isReady, withinMs) {
    const deadline = performance.now() + withinMs;
    for (;;) {
      if (await isReady()) return;
      if (this.#hasExited) throw new Error(`${this.path} ended at once:\n${this.#tail()}`);
      if (performance.now() > deadline)
        throw new Error(`${this.path} is not ready after ${withinMs} ms:\n${this.#tail()}`);
      await Promise.race([this.exited, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
    }
  }

  #tail() {
    return readFileSync(this.logFile, 'utf8').slice(-LOG_TAIL);
  }
}

/**
 * What a short-lived command prints.
 * @param {string} path
 * @param {readonly string[]} args
 * @returns {Promise<string>}
 */
export async function outputOf(path, args) {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${path} ${args.join(' ')}: ${err.trim() || out.trim() || `exit code ${code}`}`);
  return out;
}

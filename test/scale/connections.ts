/** TCP connection attempts of everybody in this network namespace, as the kernel counts them. */
import { readFileSync } from 'node:fs';

const EVERY_MS = 50;

/** RFC 4022, tcpActiveOpens: how often a connection was tried, refused ones included. */
function activeOpens(): number {
  const [names = '', values = ''] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('ActiveOpens')]);
}

export class ConnectionCounter {
  readonly #timer: NodeJS.Timeout;
  readonly #momentsMs: number[] = [];
  #last = activeOpens();

  constructor() {
    this.#timer = setInterval(() => {
      this.#look();
    }, EVERY_MS);
  }

  /** Stops, and gives back one moment for each attempt. */
  stop(): readonly number[] {
    clearInterval(this.#timer);
    this.#look();
    return this.#momentsMs;
  }

  #look(): void {
    const now = activeOpens();
    for (; this.#last < now; this.#last += 1) this.#momentsMs.push(Date.now());
  }
}

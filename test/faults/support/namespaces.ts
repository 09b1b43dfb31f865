/**
 * Rooms for browsers: network namespaces inside the run's own, each with one or two cables to the servers. What is
 * done to a cable happens to one browser alone.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findChromium } from '../../support/chromium';

const READY_MS = 5_000;

/** `first` is in use from the beginning; `second` is down until it is brought up. */
export type Cable = 'first' | 'second';
const CABLES = {
  first: { device: 'wlan0', net: 77, metric: 100 },
  second: { device: 'wwan0', net: 78, metric: 200 },
} as const;

let rooms = 0;

function ip(line: string, pid?: number): void {
  const inside = pid === undefined ? [] : ['nsenter', '-t', String(pid), '-n'];
  const [program = '', ...args] = [...inside, 'ip', ...line.split(' ')];
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${line}: ${stderr}`);
}

/** Gives the servers their addresses and lets the rooms reach each other. */
export function prepareServers(addresses: readonly string[]): void {
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  for (const address of addresses) ip(`addr add ${address}/32 dev lo`);
}

export class Room {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly pid: number,
    private readonly number: number,
    /** Starts Chromium in here. */
    readonly chromium: string,
  ) {}

  static async open(folder: string): Promise<Room> {
    rooms += 1;
    const number = rooms;
    const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
    const { pid } = holder;
    if (pid === undefined) throw new Error('unshare cannot be started');
    const own = readlinkSync('/proc/self/ns/net');
    const deadline = performance.now() + READY_MS;
    while (readlinkSync(`/proc/${pid}/ns/net`) === own) {
      if (performance.now() > deadline) throw new Error('no network namespace for a browser');
      await sleep(10);
    }
    const chromium = join(folder, `chromium-in-room-${number}`);
    writeFileSync(chromium, `#!/bin/sh\nexec nsenter -t ${pid} -n -- '${findChromium()}' "$@"\n`);
    chmodSync(chromium, 0o755);
    const room = new Room(holder, pid, number, chromium);
    ip('link set lo up', pid);
    for (const cable of ['first', 'second'] as const) room.#lay(cable);
    room.up('first');
    return room;
  }

  #lay(cable: Cable): void {
    const { device, net } = CABLES[cable];
    const [outside, prefix] = [`room${this.number}-${net}`, `10.${net}.${this.number}`];
    ip(`link add ${outside} type veth peer name ${device} netns ${this.pid}`);
    ip(`addr add ${prefix}.1/24 dev ${outside}`);
    ip(`link set ${outside} up`);
    ip(`addr add ${prefix}.2/24 dev ${device}`, this.pid);
  }

  up(cable: Cable): void {
    const { device, net, metric } = CABLES[cable];
    ip(`link set ${device} up`, this.pid);
    // Routes are gone with the link, the address is not.
    ip(`route replace default via 10.${net}.${this.number}.1 dev ${device} metric ${metric}`, this.pid);
  }

  down(cable: Cable): void {
    ip(`link set ${CABLES[cable].device} down`, this.pid);
  }

  close(): void {
    this.holder.kill('SIGKILL');
  }
}

// A world of its own for one run: a network that leads nowhere, and processes that end with it.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const OWN = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** As root, or as anybody where the kernel lets users have namespaces. */
const WAYS = [OWN, ['--user', '--map-root-user', ...OWN]];

/**
 * Loopback, and a cable with both ends in here: Firefox gathers no ICE candidate where the only interface is
 * loopback (measured in 153 ESR). The address is one of those kept for documentation (RFC 5737).
 */
const NETWORK = [
  'link set lo up',
  'link add lab0 type veth peer name lab1',
  'addr add 198.51.100.1/24 dev lab0',
  'link set lab0 up',
  'link set lab1 up',
  'route add default via 198.51.100.2',
];

/** Arguments for `unshare` that work here; undefined where none do. */
export function namespaceArguments() {
  const script = NETWORK.map((line) => `ip ${line}`).join(' && ');
  return WAYS.find((way) => spawnSync('unshare', [...way, 'sh', '-c', script]).status === 0);
}

/** Brings up the network; to be called inside the namespace. */
export function makeNetwork() {
  for (const line of NETWORK) {
    const { status, stderr } = spawnSync('ip', line.split(' '), { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ip ${line}: ${stderr}`);
  }
}

/** Kills every process whose environment holds `NAME=value`, each by its number. */
export function killMarked(name, value) {
  const mark = `${name}=${value}`;
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    if (Number(pid) === process.pid || !environmentOf(pid).includes(mark)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It ended meanwhile, or belongs to somebody else.
    return [];
  }
}

/** The reference edges, with a registrar that writes down when each REGISTER came and when it bound whom. */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEdges, type EdgeFacts, type EdgeOptions, type Edges } from '../../examples/kamailio/edge.mjs';

/** One REGISTER as the edge saw it. */
export interface RegisterSeen {
  /** On the wall clock of this machine. */
  readonly atMs: number;
  readonly user: string;
  /** `request`: it arrived, challenged or not. `bound`: it was confirmed. */
  readonly what: 'request' | 'bound';
}

/** What takes the place of what, in which file. `$TV(Sn)` is the time with microseconds. */
const COUNTING: readonly (readonly [file: string, found: string, instead: string])[] = [
  [
    'registrar.cfg',
    'route[REGISTRAR] {',
    'route[REGISTRAR] {\n\txlog("L_NOTICE", "REGISTER request $TV(Sn) $tU\\n");',
  ],
  [
    'registrar.cfg',
    'if (!save("location")) {',
    'if (save("location")) {\n\t\txlog("L_NOTICE", "REGISTER bound $TV(Sn) $tU\\n");\n\t} else {',
  ],
  // In kB: the location table of a thousand agents in one answer.
  [
    'modules.cfg',
    'modparam("ctl", "binrpc",',
    'modparam("ctl", "binrpc_max_body_size", 1024)\n' +
      'modparam("ctl", "binrpc_struct_max_body_size", 1024)\n' +
      'modparam("ctl", "binrpc",',
  ],
];

export class CountedEdges {
  private constructor(readonly edges: Edges) {}

  static async start(options: EdgeOptions): Promise<CountedEdges> {
    const edges = await startEdges({ turn: false, api: false, ...options });
    try {
      for (const { number, directory } of edges.edges) {
        await addCounting(join(directory, 'kamailio'));
        await edges.restart(number);
      }
    } catch (error) {
      await edges.close();
      throw error;
    }
    return new CountedEdges(edges);
  }

  facts(edge: number): EdgeFacts {
    const facts = this.edges.edges[edge - 1];
    if (facts === undefined) throw new RangeError(`there is no edge ${edge}`);
    return facts;
  }

  /** What came to that edge since a moment. */
  seen(edge: number, sinceMs: number): readonly RegisterSeen[] {
    const log = readFileSync(this.facts(edge).logs.kamailio, 'utf8');
    const lines = log.matchAll(/REGISTER (request|bound) (\d+\.\d+) (\S+)$/gm);
    return [...lines]
      .map(([, what, seconds, user]) => ({
        atMs: Number(seconds) * 1000,
        user: user ?? '',
        what: what as RegisterSeen['what'],
      }))
      .filter(({ atMs }) => atMs >= sinceMs)
      .sort((a, b) => a.atMs - b.atMs);
  }

  /** The users in the location table of that edge, sorted. */
  async location(edge: number): Promise<readonly string[]> {
    const dump = await this.edges.kamcmd(edge, 'ul.dump', 'brief');
    return [...dump.matchAll(/^\s*AoR: (\S+?)(?:@\S*)?$/gm)].map(([, user]) => user ?? '').sort();
  }

  /** Connections that stand at the WebSocket port of that edge, as the kernel counts them. */
  connections(edge: number): number {
    const { hostname, port } = new URL(this.facts(edge).wsUrl);
    const local = `${hexOf(hostname)}:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`;
    const ESTABLISHED = '01';
    return readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1] === local && fields[3] === ESTABLISHED).length;
  }

  close(): Promise<void> {
    return this.edges.close();
  }
}

async function addCounting(folder: string): Promise<void> {
  for (const [name, found, instead] of COUNTING) {
    const file = join(folder, name);
    const text = await readFile(file, 'utf8');
    if (text.split(found).length !== 2) throw new Error(`not once in ${name}: ${found}`);
    await writeFile(
      file,
      text.replace(found, () => instead),
    );
  }
}

/** As /proc/net/tcp writes an IPv4 address: the number that the four bytes are on this machine (little-endian). */
function hexOf(address: string): string {
  return address
    .split('.')
    .reverse()
    .map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'))
    .join('');
}

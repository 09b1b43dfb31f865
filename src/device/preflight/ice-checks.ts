import { judged, MOST_SERVERS } from './account-checks';
import type { CheckPlan, Finding } from './check-runner';
import { probeStun, probeTurn } from './ice-probe';
import type { PreflightReason } from './reasons';
import type { PreflightServer } from './report';

/** A little more than the probes have. */
const STUN_TIMEOUT_MS = 7_000;
const TURN_TIMEOUT_MS = 13_000;

/** Ways to a TURN server (RFC 7065 section 3.1). */
type TurnTransport = 'udp' | 'tcp' | 'tls';

interface Target {
  readonly url: string;
  readonly server: RTCIceServer;
}

const TURN_CHECKS = {
  udp: { name: 'turnUdp', reason: 'TURN_UDP_UNREACHABLE' },
  tcp: { name: 'turnTcp', reason: 'TURN_TCP_UNREACHABLE' },
  tls: { name: 'turnTls', reason: 'TURN_TLS_UNREACHABLE' },
} as const;

// What TURN servers refuse with (RFC 8656 section 19): credentials, a stale nonce, the wrong user, a quota.
const REFUSALS: readonly (number | undefined)[] = [401, 403, 437, 438, 441, 486, 508];

/** The checks of these servers, and the names of those that have no server. */
export function iceChecks(servers: readonly RTCIceServer[]): readonly (CheckPlan<true> | IceCheckName)[] {
  const targets = servers.flatMap((server) =>
    // Options from JavaScript may hold anything.
    [server.urls]
      .flat()
      .filter((url) => typeof url === 'string')
      .map((url) => ({ url, server })),
  );
  const stun = targets.filter(({ url }) => /^stuns?:/i.test(url)).slice(0, MOST_SERVERS);
  return [
    stun.length === 0 ? 'stun' : stunCheck(stun),
    ...(['udp', 'tcp', 'tls'] as const).map((transport) => {
      const some = targets.filter(({ url }) => transportOf(url) === transport).slice(0, MOST_SERVERS);
      return some.length === 0 ? TURN_CHECKS[transport].name : turnCheck(transport, some);
    }),
  ];
}

export type IceCheckName = 'stun' | (typeof TURN_CHECKS)[TurnTransport]['name'];

function transportOf(url: string): TurnTransport | undefined {
  if (/^turns:/i.test(url)) return 'tls';
  if (!/^turn:/i.test(url)) return undefined;
  return /[?&]transport=tcp\b/i.test(url) ? 'tcp' : 'udp';
}

function stunCheck(targets: readonly Target[]): CheckPlan<true> {
  return {
    name: 'stun',
    deadlineMs: STUN_TIMEOUT_MS,
    overdue: 'STUN_UNREACHABLE',
    run: async ({ signal }): Promise<Finding<true>> => {
      const probes = await all(targets, ({ server, url }) => probeStun(server, url, signal));
      if (!probes) return { result: 'failed', reason: 'ICE_SERVER_INVALID' };
      // Who has a public address of their own gets no second candidate for it (RFC 8445 section 5.1.3).
      const good = probes.filter(({ isComplete, found }) => found.readyMs !== null || isComplete);
      return judged(
        probes.map(({ found }) => found),
        (server) => good.some(({ found }) => found === server),
        'STUN_UNREACHABLE',
      );
    },
  };
}

function turnCheck(transport: TurnTransport, targets: readonly Target[]): CheckPlan<true> {
  const { name, reason } = TURN_CHECKS[transport];
  return {
    name,
    deadlineMs: TURN_TIMEOUT_MS,
    overdue: reason,
    run: async ({ signal }): Promise<Finding<true>> => {
      const probes = await all(targets, ({ server, url }) => probeTurn(server, url, signal));
      if (!probes) return { result: 'failed', reason: 'ICE_SERVER_INVALID' };
      const servers = probes.map(({ found }) => found);
      const [first] = servers.filter(({ roundTripMs }) => roundTripMs === null);
      return judged(servers, ({ roundTripMs }) => roundTripMs !== null, turnReason(first, reason));
    },
  };
}

function turnReason(server: PreflightServer | undefined, unreachable: PreflightReason): PreflightReason {
  if (server && server.readyMs !== null) return 'TURN_NO_DATA';
  return REFUSALS.includes(server?.errorCode) ? 'TURN_REFUSED' : unreachable;
}

/** Undefined where the browser does not take one of the servers. */
async function all<T>(
  targets: readonly Target[],
  probe: (target: Target) => Promise<T>,
): Promise<T[] | undefined> {
  const settled = await Promise.allSettled(targets.map(probe));
  const probes = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return probes.length === targets.length ? probes : undefined;
}

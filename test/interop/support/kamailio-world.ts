/**
 * The reference deployment as a world: two edges of Kamailio, RTPengine and coturn. Agents register with the first,
 * whose browsers talk directly where they can; media of agents at the second always passes RTPengine.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startEdges, type Edges } from '../../../examples/kamailio/edge.mjs';
import { sipCredentials } from '../../../src/server/index';
import { startStaticServer } from '../../support/static-server';
import { baresip } from '../phones/baresip';
import { sipp } from '../phones/sipp';
import { crowdAt } from './crowd';
import { contactsOf } from './registrar-contacts';
import type { FarEnd, FarEndAddress } from './far-end';
import type { FarEndKind, SipAccount, World } from './world';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TRUNK = '127.0.0.9:5060';
const RELAY_PORTS = { from: 30_000, to: 34_999 };
const ACCOUNT_SECONDS = 3600;
/** Of each edge, in the report of a failure. */
const LOG_LINES = 40;

export async function kamailioWorld(): Promise<World> {
  const edges = await startEdges({
    count: 2,
    mediaRelay: ['plain-only', 'always'],
    ports: { rtpFrom: RELAY_PORTS.from, rtpTo: RELAY_PORTS.to },
    trunk: { uri: `sip:${TRUNK}`, sources: ['127.0.0.9/32'] },
  });
  const pages = await startStaticServer({
    folders: { '/dist/': `${ROOT}dist`, '/': `${ROOT}test/browser/page` },
  });
  const [first, second] = edges.edges;
  if (first === undefined || second === undefined) throw new Error('two edges were asked for');
  const farEnds = new Map<FarEndKind, Promise<FarEnd>>();

  const address: FarEndAddress = {
    server: first.sipHost,
    domain: edges.domain,
    trunk: TRUNK,
    credentials: (user) => credentials(edges, user, ACCOUNT_SECONDS),
  };
  const account = async (userUuid: string, ttlSeconds: number): Promise<SipAccount> => {
    const { username, password } = await credentials(edges, userUuid, ttlSeconds);
    return {
      ws_urls: [first.wssUrl],
      sip_uri: `sip:${userUuid}@${edges.domain}`,
      authorization_username: username,
      password,
    };
  };
  return {
    name: 'kamailio',
    url: pages.url,
    apiBaseUrl: first.apiUrl,
    wsUrl: first.wsUrl,
    relayingApiBaseUrl: second.apiUrl,
    relayPorts: RELAY_PORTS,
    mintToken: (request) => edges.mintToken(request),
    registrations: (userUuid) => contactsOf(edges, 1, userUuid),
    account: (userUuid) => account(userUuid, ACCOUNT_SECONDS),
    expiredAccount: (userUuid) => account(userUuid, -1),
    farEnd: (kind) => {
      const farEnd = farEnds.get(kind) ?? (kind === 'trunk' ? sipp(address) : baresip(address));
      farEnds.set(kind, farEnd);
      return farEnd;
    },
    crowd: crowdAt(edges, (user) => credentials(edges, user, ACCOUNT_SECONDS)),
    trace: () =>
      [first, second].flatMap(({ logs }) => [endOf(logs.kamailio), endOf(logs.rtpengine)]).join('\n'),
    close: async () => {
      for (const farEnd of farEnds.values()) await (await farEnd).close();
      await pages.close();
      await edges.close();
    },
  };
}

/** Kamailio reads the end of the credentials out of their name, so that a past one needs no waiting. */
function credentials(
  edges: Edges,
  user: string,
  ttlSeconds: number,
): Promise<{ username: string; password: string }> {
  const expiresAt = new Date(Date.now() + ttlSeconds * 1000);
  return sipCredentials({ secret: edges.secrets.sip, user, expiresAt });
}

const endOf = (log: string): string => readFileSync(log, 'utf8').split('\n').slice(-LOG_LINES).join('\n');

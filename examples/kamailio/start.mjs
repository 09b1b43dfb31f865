#!/usr/bin/env node
/** One command: edges on this machine until Ctrl-C. `node examples/kamailio/start.mjs [--edges 2] [--relay] ...` */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startEdges } from './edge.mjs';

const HELP = `Starts Kamailio, RTPengine, coturn and a token API on loopback, and stops them at Ctrl-C.

  --edges <n>         how many edges, 1 to 9, at 127.0.0.1, 127.0.0.2, ... (1)
  --relay             media of calls between two browsers through RTPengine too
  --agent <user>      whose token is printed (alice)
  --trunk <uri>       where numbers go (sip:127.0.0.9:5060); its address is trusted
  --directory <path>  where configuration, certificates and logs go (a new one below the temporary files)
  --help`;

const { values } = parseArgs({
  options: {
    edges: { type: 'string', default: '1' },
    relay: { type: 'boolean', default: false },
    agent: { type: 'string', default: 'alice' },
    trunk: { type: 'string' },
    directory: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function trunkOf(uri) {
  const address = /^sip:(?:[^@]*@)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?(?:;.*)?$/.exec(uri)?.[1];
  if (address === undefined) throw new Error(`--trunk takes a SIP URI with an IPv4 address, not ${uri}`);
  return { uri, sources: [`${address}/32`] };
}

async function run() {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort());
  const edges = await startEdges({
    count: Number(values.edges),
    mediaRelay: values.relay ? 'always' : 'plain-only',
    ...(values.trunk === undefined ? {} : { trunk: trunkOf(values.trunk) }),
    ...(values.directory === undefined ? {} : { directory: values.directory }),
  });
  try {
    const { token } = await edges.mintToken({ userUuid: values.agent });
    console.log(textOf(edges, token));
    if (!stop.signal.aborted) await once(stop.signal, 'abort');
  } finally {
    await edges.close();
  }
}

function textOf(edges, token) {
  const lines = edges.edges.flatMap(({ number, wssUrl, wsUrl, sipHost, turnHost, logs }) => [
    `Edge ${number}`,
    `  browsers      ${wssUrl}   (${wsUrl} without TLS)`,
    `  plain phones  sip:${sipHost} over UDP or TCP, domain ${edges.domain}`,
    `  TURN          ${turnHost}`,
    `  logs          ${logs.kamailio}`,
  ]);
  return [
    ...lines,
    '',
    `Token API       ${edges.apiUrl}   (X-User-API-Key: ${edges.secrets.apiKey})`,
    `Authority       ${edges.certificate.caFile}   (let your browser trust it, or use the URLs without TLS:`,
    `                apiBaseUrl ${edges.edges[0]?.plainApiUrl})`,
    '',
    `A token for ${values.agent}, good for an hour:`,
    token,
    '',
    'Ctrl-C stops everything.',
  ].join('\n');
}

if (values.help) {
  console.log(HELP);
} else {
  try {
    await run();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

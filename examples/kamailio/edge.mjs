/**
 * Starts edges on this machine: for each one Kamailio, HAProxy, RTPengine and coturn, with the configuration of this folder,
 * and one backend that hands out tokens and credentials for all of them.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from './lib/api.mjs';
import { createCertificate } from './lib/certificate.mjs';
import { acceptsTcp, answersNg } from './lib/probes.mjs';
import { outputOf, Program, requirePrograms } from './lib/programs.mjs';
import { writeSettings } from './lib/settings.mjs';

const READY_WITHIN_MS = 10_000;

const DEFAULT_PORTS = {
  sip: 5060,
  wss: 8443,
  ws: 8080,
  link: 5062,
  ng: 2223,
  turn: 3478,
  turnTls: 5349,
  rtpFrom: 30_000,
  rtpTo: 34_999,
  turnFrom: 35_000,
  turnTo: 39_999,
  api: 8788,
};

/** In production no relay may reach into the house; on one machine everybody is at loopback. */
const LOCAL_PEERS = 'allow-loopback-peers';

const newSecret = () => randomBytes(32).toString('base64url');

/** @type {typeof import('./edge.d.mts').startEdges} */
export async function startEdges(options = {}) {
  const settings = settingsOf(options);
  const programs = requirePrograms([
    'kamailio',
    'haproxy',
    'rtpengine',
    'openssl',
    ...(settings.turn ? ['turnserver'] : []),
  ]);
  const isOwnDirectory = options.directory === undefined;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'edge-')));
  await mkdir(directory, { recursive: true });

  const names = [
    'localhost',
    settings.domain,
    ...settings.hosts.map((_, index) => `edge${index + 1}.${settings.domain}`),
  ];
  const certificate = await createCertificate(directory, [...names, ...settings.hosts]);
  const edges = settings.hosts.map((_, index) => new Edge(settings, index, directory, programs));
  let api;
  const close = async () => {
    await Promise.all([...edges.map((edge) => edge.stop()), api?.close()]);
    if (isOwnDirectory && !settings.keepDirectory) await rm(directory, { recursive: true, force: true });
  };
  try {
    await Promise.all(edges.map((edge) => edge.start(certificate)));
    if (settings.api) api = await apiFor(settings, edges);
  } catch (error) {
    await close();
    throw error;
  }
  const at = (number) => {
    const edge = edges[number - 1];
    if (edge === undefined) throw new RangeError(`there is no edge ${number}`);
    return edge;
  };
  return {
    apiUrl: api?.url ?? '',
    domain: settings.domain,
    edges: edges.map((edge) => edge.facts(api?.url ?? '')),
    certificate,
    secrets: settings.secrets,
    directory,
    mintToken: async (request) => {
      if (api === undefined) throw new Error('started without the API');
      return api.tokens.mint(request);
    },
    kamcmd: (number, ...args) => at(number).kamcmd(args),
    kill: (number, program = 'kamailio') => at(number).kill(program),
    restart: (number, program = 'kamailio') => at(number).restart(program),
    close,
  };
}

function settingsOf(options) {
  const count = options.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > 9)
    throw new RangeError('count is a number from 1 to 9');
  const relay = options.mediaRelay ?? 'plain-only';
  return {
    hosts: options.hosts ?? Array.from({ length: count }, (_, index) => `127.0.0.${index + 1}`),
    domain: options.domain ?? 'edge.test',
    ports: { ...DEFAULT_PORTS, ...options.ports },
    trunk: { uri: 'sip:127.0.0.9:5060', sources: ['127.0.0.9/32'], ...options.trunk },
    relayOf: (index) => (typeof relay === 'string' ? relay : (relay[index] ?? 'plain-only')),
    turn: options.turn ?? true,
    api: options.api ?? true,
    apiHost: options.apiHost ?? '127.0.0.1',
    keepDirectory: options.keepDirectory ?? false,
    secrets: {
      sip: newSecret(),
      turn: newSecret(),
      tokenKey: newSecret(),
      apiKey: newSecret(),
      nonce: newSecret(),
      seal: newSecret(),
      ...options.secrets,
    },
    ringSeconds: options.ringSeconds ?? 90,
    nonceSeconds: options.nonceSeconds ?? 300,
    minExpiresSeconds: options.minExpiresSeconds ?? 30,
    maxExpiresSeconds: options.maxExpiresSeconds ?? 3600,
    registerExpiresSeconds: options.registerExpiresSeconds ?? 300,
    floodRequestsPer2Seconds: options.floodRequestsPer2Seconds ?? 1000,
    allowedOrigins: originPattern(options.allowedOrigins),
    workers: options.workers ?? 4,
    sharedMemoryMb: options.sharedMemoryMb ?? 128,
  };
}

/** A regular expression for exactly these origins, without a backslash, which Kamailio's strings take for themselves. */
function originPattern(origins) {
  if (origins === undefined) return '.*';
  for (const origin of origins) {
    if (new URL(origin).origin !== origin) throw new TypeError(`not an origin: ${origin}`);
  }
  return `^(${origins.map((origin) => origin.replaceAll('.', '[.]')).join('|')})$`;
}

function apiFor(settings, edges) {
  const { turn, turnTls } = settings.ports;
  return startApi({
    host: settings.apiHost,
    port: settings.ports.api,
    domain: settings.domain,
    secrets: settings.secrets,
    edges: edges.map((edge) => edge.facts('')),
    turnUrls: settings.turn
      ? settings.hosts.flatMap((host) => [
          `turn:${host}:${turn}?transport=udp`,
          `turn:${host}:${turn}?transport=tcp`,
          `turns:${host}:${turnTls}?transport=tcp`,
        ])
      : [],
    registerExpiresSeconds: settings.registerExpiresSeconds,
  });
}

class Edge {
  #programs = new Map();

  constructor(settings, index, directory, paths) {
    this.settings = settings;
    this.index = index;
    this.host = settings.hosts[index];
    this.directory = join(directory, `edge${index + 1}`);
    this.paths = paths;
  }

  facts(apiUrl) {
    const { ports } = this.settings;
    const number = this.index + 1;
    return {
      number,
      host: this.host,
      wssUrl: `wss://${this.host}:${ports.wss}`,
      wsUrl: `ws://${this.host}:${ports.ws}`,
      sipHost: `${this.host}:${ports.sip}`,
      turnHost: `${this.host}:${ports.turn}`,
      apiUrl: apiUrl && `${apiUrl}/edge/${number}`,
      plainApiUrl: apiUrl && `${apiUrl}/edge/${number}/ws`,
      directory: this.directory,
      logs: {
        kamailio: join(this.directory, 'kamailio.log'),
        haproxy: join(this.directory, 'haproxy.log'),
        rtpengine: join(this.directory, 'rtpengine.log'),
        turnserver: join(this.directory, 'turnserver.log'),
      },
    };
  }

  async start(certificate) {
    await writeSettings(this.directory, this.#values(certificate));
    await Promise.all([
      // Kamailio asks for RTPengine once at its start, and not again for two seconds if there is no answer.
      this.#start('rtpengine').then(() => this.#start('kamailio')),
      this.#start('haproxy'),
      ...(this.settings.turn ? [this.#start('turnserver')] : []),
    ]);
  }

  async stop() {
    await Promise.all([...this.#programs.values()].map((program) => program.stop()));
  }

  async kill(name) {
    await this.#programs.get(name)?.kill();
  }

  async restart(name) {
    await this.#programs.get(name)?.stop();
    await this.#start(name);
  }

  kamcmd(args) {
    const socket = join(this.directory, 'run', 'ctl.sock');
    return outputOf('kamcmd', ['-s', `unix:${socket}`, ...args]);
  }

  async #start(name) {
    const { ports } = this.settings;
    const file = (path) => join(this.directory, path);
    const commands = {
      kamailio: {
        args: [
          ...['-f', file('kamailio/kamailio.cfg'), '-DD', '-E', '-M', '8'],
          ...['-m', String(this.settings.sharedMemoryMb)],
          ...['-P', file('run/kamailio.pid'), '-Y', file('run'), '-w', file('run')],
        ],
        isReady: async () =>
          (await acceptsTcp(this.host, ports.ws)) &&
          // Somebody else's server may sit on a port of ours: this one answers for itself.
          (await this.kamcmd(['core.uptime']).then(
            () => true,
            () => false,
          )),
      },
      haproxy: {
        args: ['-db', '-f', file('haproxy.cfg')],
        isReady: () => acceptsTcp(this.host, ports.wss),
      },
      rtpengine: {
        args: ['--config-file', file('rtpengine.conf')],
        isReady: () => answersNg(this.host, ports.ng),
      },
      turnserver: {
        args: ['-c', file('turnserver.conf')],
        isReady: () => acceptsTcp(this.host, ports.turn),
      },
    };
    const { args, isReady } = commands[name];
    const program = new Program(this.paths[name], args, this.facts('').logs[name]);
    this.#programs.set(name, program);
    await program.ready(isReady, READY_WITHIN_MS);
  }

  #values(certificate) {
    const { settings, host } = this;
    const { ports, secrets, trunk } = settings;
    const peers = settings.hosts.filter((other) => other !== host);
    const peerLines = settings.hosts.flatMap((other, index) =>
      other === host ? [] : [`\t$sht(peers=>${index + 1}) = "${other}";`],
    );
    return {
      edgeIp: host,
      wsIp: host,
      linkIp: host,
      sipPort: ports.sip,
      wssPort: ports.wss,
      wsPort: ports.ws,
      linkPort: ports.link,
      advertiseSip: '',
      rtpengineNg: `${host}:${ports.ng}`,
      sipDomain: settings.domain,
      allowedOrigins: settings.allowedOrigins,
      trunkUri: trunk.uri,
      trunkHost: trunk.uri.replace(/^sips?:/, '').replace(/;.*$/, ''),
      trunkSources: trunk.sources.join(','),
      edgeId: this.index + 1,
      peerLines: peerLines.length === 0 ? '\texit;' : peerLines.join('\n'),
      edgePeers: peers.length === 0 ? '255.255.255.255/32' : peers.map((peer) => `${peer}/32`).join(','),
      clusterContact: `sip:${peers[0] ?? host}:${ports.link}`,
      clusterDefine: peers.length === 0 ? '# The only edge.' : '#!define WITH_CLUSTER',
      sipSecret: secrets.sip,
      nonceSecret: secrets.nonce,
      sealSecret: secrets.seal,
      relayDefine: settings.relayOf(this.index) === 'always' ? '#!define RELAY_ALWAYS' : '# Directly.',
      workers: settings.workers,
      tcpConnections: 5_000,
      connectionLifetime: settings.maxExpiresSeconds + 60,
      answerMs: Math.min(10, settings.ringSeconds) * 1000,
      ringMs: settings.ringSeconds * 1000,
      nonceSeconds: settings.nonceSeconds,
      minExpires: settings.minExpiresSeconds,
      maxExpires: settings.maxExpiresSeconds,
      floodDensity: settings.floodRequestsPer2Seconds,
      logToStderr: 'yes',
      certificateFile: certificate.certificateFile,
      keyFile: certificate.keyFile,
      haproxyPem: certificate.certificateAndKeyFile,
      mediaAddress: host,
      rtpMin: ports.rtpFrom,
      rtpMax: ports.rtpTo,
      turnAddress: host,
      turnPort: ports.turn,
      turnTlsPort: ports.turnTls,
      turnMin: ports.turnFrom,
      turnMax: ports.turnTo,
      turnSecret: secrets.turn,
      turnQuota: 1200,
      peerRules: LOCAL_PEERS,
    };
  }
}

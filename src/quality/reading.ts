/** One look at the statistics of a connection (W3C WebRTC statistics), reduced to what is used of them. */
import type { UsedCodec, CandidatePair } from './sample';

/** Counters of a stream; absent where the browser does not keep them. */
export type Counters = Partial<Record<string, number>>;

export interface Stream {
  readonly id: string;
  readonly counters: Counters;
  /** Of the codec. */
  readonly codecId: unknown;
  readonly jitterS: number | undefined;
}

/** What changes with the way that the audio takes and with the description only. */
export interface PathFacts {
  readonly candidatePair: CandidatePair | null;
  /** Kinds of the candidates that this side has gathered. */
  readonly localTypes: ReadonlySet<string>;
  /** Whether this side's own network card has a public address, as far as the browser tells. */
  readonly hasPublicAddress: boolean;
  /** By what a stream has as its `codecId`. */
  readonly codecs: ReadonlyMap<unknown, UsedCodec>;
}

export interface Reading {
  readonly inbound: readonly Stream[];
  readonly outbound: readonly Stream[];
  /** The microphone. */
  readonly source: Stream | undefined;
  readonly rttS: number | undefined;
  readonly path: PathFacts;
}

type Stats = Partial<Record<string, unknown>>;

const INBOUND = [
  ...['packetsReceived', 'packetsLost', 'packetsDiscarded', 'bytesReceived'],
  ...['totalSamplesReceived', 'concealedSamples', 'silentConcealedSamples', 'concealmentEvents'],
  ...['jitterBufferDelay', 'jitterBufferEmittedCount', 'totalAudioEnergy', 'totalSamplesDuration'],
];
const OUTBOUND = ['packetsSent', 'bytesSent'];
const SOURCE = ['totalAudioEnergy', 'totalSamplesDuration'];

/**
 * @param report a report, or anything else with its `forEach`
 * @param path where it is known already: the report need not have the entries then that tell of it
 */
export function read(report: { forEach(visit: (stats: unknown) => void): void }, path?: PathFacts): Reading {
  const inbound: Stream[] = [];
  const outbound: Stream[] = [];
  const byId = new Map<unknown, Stats>();
  let source: Stream | undefined;
  let rtcpRttS: number | undefined;
  let selectedId: unknown;
  let pair: Stats | undefined;
  report.forEach((entry) => {
    const stats = entry as Stats;
    switch (stats['type']) {
      case 'inbound-rtp':
        if (stats['kind'] === 'audio') inbound.push(streamOf(stats, INBOUND));
        break;
      case 'outbound-rtp':
        if (stats['kind'] === 'audio') outbound.push(streamOf(stats, OUTBOUND));
        break;
      case 'media-source':
        if (stats['kind'] === 'audio') source = streamOf(stats, SOURCE);
        break;
      case 'remote-inbound-rtp':
        if (stats['kind'] === 'audio') rtcpRttS ??= numberOf(stats['roundTripTime']);
        break;
      case 'transport':
        selectedId ??= stats['selectedCandidatePairId'];
        break;
      case 'candidate-pair':
        // Chromium nominates several; where there is a transport, it says which one is in use.
        if (stats['selected'] === true || (stats['nominated'] === true && pair?.['selected'] !== true))
          pair = stats;
        byId.set(stats['id'], stats);
        break;
      case 'local-candidate':
      case 'remote-candidate':
      case 'codec':
        byId.set(stats['id'], stats);
        break;
      default:
    }
  });
  pair = byId.get(selectedId) ?? pair;
  const rttS = longest(rtcpRttS, numberOf(pair?.['currentRoundTripTime']));
  return { inbound, outbound, source, rttS, path: path ?? pathOf(byId, pair) };
}

function pathOf(entries: ReadonlyMap<unknown, Stats>, pair: Stats | undefined): PathFacts {
  const localTypes = new Set<string>();
  const ownAddresses: string[] = [];
  const codecs = new Map<unknown, UsedCodec>();
  for (const [id, stats] of entries) {
    if (stats['type'] === 'local-candidate') {
      localTypes.add(textOf(stats['candidateType']));
      if (stats['candidateType'] === 'host') ownAddresses.push(textOf(stats['address']));
    }
    const codec = stats['type'] === 'codec' && codecFrom(stats);
    if (codec) codecs.set(id, codec);
  }
  return {
    candidatePair:
      pair === undefined
        ? null
        : pairFrom(entries.get(pair['localCandidateId']), entries.get(pair['remoteCandidateId'])),
    localTypes,
    hasPublicAddress: hasPublic(ownAddresses),
    codecs,
  };
}

/**
 * RTCP measures the whole way, but only every five seconds (RFC 3550 section 6.2), and not where packets are lost; ICE asks
 * whoever is next on that way, which may be a server in the middle, and up to twice a second. The whole is no shorter than
 * its part.
 */
function longest(wholeS: number | undefined, partS: number | undefined): number | undefined {
  return wholeS === undefined || partS === undefined ? (wholeS ?? partS) : Math.max(wholeS, partS);
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
/** Private (RFC 1918), shared by a provider's customers (RFC 6598), of one link (RFC 3927), of the machine (RFC 1122). */
const NOT_PUBLIC_IPV4 =
  /^(10|127|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
/** Global unicast (RFC 4291 section 2.4, as far as it is assigned: 2000::/3). */
const PUBLIC_IPV6 = /^[23][\da-f]{3}:/i;

/** With IPv4, an IPv6 address says nothing of what a server has to find: hardly any network translates those. */
function hasPublic(addresses: readonly string[]): boolean {
  const ipv4 = addresses.filter((address) => IPV4.test(address));
  return ipv4.length > 0
    ? ipv4.some((address) => !NOT_PUBLIC_IPV4.test(address))
    : addresses.some((address) => PUBLIC_IPV6.test(address));
}

function streamOf(stats: Stats, names: readonly string[]): Stream {
  const counters: Counters = {};
  for (const name of names) {
    const count = numberOf(stats[name]);
    if (count !== undefined) counters[name] = count;
  }
  return {
    id: textOf(stats['id']),
    counters,
    codecId: stats['codecId'],
    jitterS: numberOf(stats['jitter']),
  };
}

function codecFrom(stats: Stats): UsedCodec | undefined {
  const mimeType = stats['mimeType'];
  if (typeof mimeType !== 'string') return undefined;
  const fmtp = stats['sdpFmtpLine'];
  return Object.freeze({
    mimeType,
    clockRateHz: numberOf(stats['clockRate']) ?? 0,
    channels: numberOf(stats['channels']) ?? 1,
    ...(typeof fmtp === 'string' && fmtp !== '' ? { fmtp } : {}),
  });
}

function pairFrom(local: Stats | undefined, remote: Stats | undefined): CandidatePair | null {
  if (!local || !remote) return null;
  const { relayProtocol, networkType } = local;
  return Object.freeze({
    localType: textOf(local['candidateType']),
    remoteType: textOf(remote['candidateType']),
    protocol: textOf(local['protocol']),
    ...(typeof relayProtocol === 'string' ? { relayProtocol } : {}),
    ...(typeof networkType === 'string' && networkType !== 'unknown' ? { networkType } : {}),
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Figures, grades and warnings of a call's quality as people read them. What is not known is said to be unknown. */

export const UNKNOWN = 'unknown';

const known = (value, words) => (value === null || value === undefined ? UNKNOWN : words(value));

export const formatGrade = (grade) => known(grade, (name) => name.charAt(0).toUpperCase() + name.slice(1));
/** Rounded down, so that it never looks like the grade above. */
export const formatScore = (mos) => known(mos, (score) => (Math.floor(score * 10) / 10).toFixed(1));
const formatMs = (ms) => known(ms, (value) => `${Math.round(value)} ms`);
const formatShare = (ratio) => known(ratio, (value) => `${(value * 100).toFixed(1)} %`);
const formatBits = (bitsPerSecond) => known(bitsPerSecond, (value) => `${Math.round(value / 1000)} kbit/s`);

/** Opus always says two channels (RFC 7587), whatever it carries: they are no news. */
const formatCodec = (codec) =>
  known(codec, ({ mimeType, clockRateHz }) => {
    const name = mimeType.replace(/^audio\//i, '');
    return `${name.toLowerCase() === 'opus' ? 'Opus' : name}, ${clockRateHz / 1000} kHz`;
  });

/** W3C WebRTC Statistics, RTCIceCandidateType. */
const WAYS = {
  host: 'local address',
  srflx: 'public address',
  prflx: 'address found on the way',
  relay: 'relay (TURN)',
};

const formatPair = (pair) =>
  known(pair, ({ localType, remoteType, protocol, relayProtocol }) => {
    const way = localType === 'relay' || remoteType === 'relay' ? 'Relayed' : 'Direct';
    const transport = localType === 'relay' ? (relayProtocol ?? protocol) : protocol;
    const from = WAYS[localType] ?? localType;
    const to = WAYS[remoteType] ?? remoteType;
    return `${way} over ${transport.toUpperCase()}, ${from} to ${to}`;
  });

/** The rows of the open panel: what each is called, its test id, and its words for a sample. */
export const FIGURES = [
  ['Round trip', 'rtt', ({ rttMs }) => formatMs(rttMs)],
  ['Jitter', 'jitter', ({ jitterMs }) => formatMs(jitterMs)],
  ['Loss', 'loss', ({ lossRatio }) => formatShare(lossRatio)],
  ['Jitter buffer', 'buffer', ({ jitterBufferMs }) => formatMs(jitterBufferMs)],
  ['Received', 'received', ({ inboundBitsPerSecond }) => formatBits(inboundBitsPerSecond)],
  ['Sent', 'sent', ({ outboundBitsPerSecond }) => formatBits(outboundBitsPerSecond)],
  ['Codec', 'codec', ({ codec }) => formatCodec(codec)],
  ['Path', 'path', ({ candidatePair }) => formatPair(candidatePair)],
];

/** Worst first. `hint` is what the agent can do; those without one are for the helpdesk only. */
const WARNINGS = {
  noPacketsReceived: {
    name: 'No audio arrives',
    hint: 'No audio arrives from the far end. Ask whether they hear you; if it lasts, call again.',
  },
  noPacketsSent: {
    name: 'No audio is sent',
    hint: 'They cannot hear you: no audio leaves this computer. If it lasts, call again.',
  },
  inputSilent: {
    name: 'Microphone is silent',
    hint: 'Your microphone gives only silence. Check its mute switch, or choose another one under Audio.',
  },
  remoteSilent: {
    name: 'Far end is silent',
    hint: 'The far end sends only silence: their microphone may be muted.',
  },
  highLoss: {
    name: 'Much audio is lost',
    hint: 'Parts of the audio are lost on the way. A cable helps more than Wi-Fi.',
  },
  lowMos: { name: 'Sounds poor', hint: 'The call sounds poor. Close downloads and video, or use a cable.' },
  highRtt: { name: 'Long delay', hint: 'There is a long delay. Let the other side finish before you speak.' },
  highJitter: { name: 'Unsteady network', hint: 'The network is unsteady, words may be cut.' },
  hostCandidatesOnly: { name: 'No STUN or TURN server answers' },
  relayInUse: { name: 'Audio goes through a relay' },
};
const ORDER = Object.keys(WARNINGS);

export const warningName = (name) => WARNINGS[name]?.name ?? name;
export const warningHint = (name) => WARNINGS[name]?.hint;

/** Of several names the one that hurts most, or undefined. */
export function worstOf(names) {
  const rank = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [...names].sort((a, b) => rank(a) - rank(b))[0];
}

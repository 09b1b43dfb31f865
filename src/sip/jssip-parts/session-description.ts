/**
 * What JsSIP reads of a session description and changes in it, which is the direction of media (RFC 8866 section
 * 6.7). Every other line stays as it is and where it is, known or not.
 */
interface Section {
  readonly lines: string;
  direction: string | undefined;
}

interface MediaSection extends Section {
  readonly type: string | undefined;
}

interface SessionDescription extends Section {
  readonly media: MediaSection[];
}

const DIRECTION = /^a=(sendrecv|sendonly|recvonly|inactive)[ \t]*$/gm;

/** The last direction counts, as in the parser that JsSIP ships. */
function section(lines: string): Section {
  return { lines, direction: [...lines.matchAll(DIRECTION)].at(-1)?.[1] };
}

/** Reads any text: without media sections it has none. */
export function parse(sdp: string): SessionDescription {
  const media = sdp.split(/^(?=m=)/m);
  const session = media[0]?.startsWith('m=') ? '' : (media.shift() ?? '');
  return {
    ...section(session),
    media: media.map((lines) => ({ ...section(lines), type: /^m=(\w+) /.exec(lines)?.[1] })),
  };
}

/** The text again, with the direction that each media section has by now. */
export function write({ lines: session, media }: SessionDescription): string {
  return media.reduce((sdp, { lines, direction }) => {
    const before = section(lines).direction;
    if (direction === before || direction === undefined) return sdp + lines;
    const attribute = `a=${direction}`;
    if (before !== undefined) return sdp + lines.replace(DIRECTION, attribute);
    return `${sdp}${lines}${lines.endsWith('\n') ? '' : '\r\n'}${attribute}\r\n`;
  }, session);
}

import type { RawSession } from './jssip';

// Descriptions that may have left after the last note of the version; a number that was used already would say that
// nothing has changed.
const VERSION_LEAP = 100;

interface Origin {
  readonly username: string;
  readonly sessionId: string;
  readonly version: number;
  readonly address: string;
}

/**
 * The `o=` line of our session descriptions. Within a dialog all of it stays, and its version grows (RFC 8866 section 5.2,
 * RFC 3264 section 8); but a further peer connection, as after a reload of the page, begins with an identity of its own.
 */
export class SdpOrigin {
  /** What was sent last. */
  #last: Origin | undefined;
  /** The identity of the peer connection that speaks now. */
  #speaker: string | undefined;
  #versionOffset = 0;

  /** What was sent last, as text; undefined before. */
  get line(): string | undefined {
    return this.#last && textOf(this.#last);
  }

  /** Goes on from what another page has sent. */
  continue(line: string | undefined): void {
    this.#last = line === undefined ? undefined : parse(`o=${line}`);
  }

  /** Has JsSIP pass its descriptions through here. */
  watch(session: RawSession): void {
    session.on('sdp', (description: { readonly originator: string; sdp: string }) => {
      if (description.originator === 'local') description.sdp = this.stamp(description.sdp);
    });
  }

  /** A description of ours as it may be sent. */
  stamp(sdp: string): string {
    const own = parse(sdp);
    if (!own) return sdp;
    const last = this.#last;
    // JsSIP shows some of them twice.
    const isStamped = own.sessionId === last?.sessionId && own.sessionId !== this.#speaker;
    if (isStamped && this.#speaker !== undefined) return sdp;
    if (last && own.sessionId !== this.#speaker)
      this.#versionOffset = Math.max(0, last.version + VERSION_LEAP - own.version);
    this.#speaker = own.sessionId;
    const { username, sessionId, address } = last ?? own;
    this.#last = { username, sessionId, address, version: own.version + this.#versionOffset };
    return sdp.replace(/^o=[^\r\n]*/m, `o=${textOf(this.#last)}`);
  }
}

function textOf({ username, sessionId, version, address }: Origin): string {
  return `${username} ${sessionId} ${version} ${address}`;
}

function parse(sdp: string): Origin | undefined {
  const [, username, sessionId, version, address] =
    /^o=(\S+) (\d+) (\d+) (IN IP[46] \S+)\s*$/m.exec(sdp) ?? [];
  if (username === undefined || sessionId === undefined || address === undefined) return undefined;
  const number = Number(version);
  // Ours are small in every browser; beyond this they could not be counted.
  return Number.isSafeInteger(number + 2 * VERSION_LEAP)
    ? { username, sessionId, version: number, address }
    : undefined;
}

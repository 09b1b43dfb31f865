import { withDeadline } from '../core/deadline';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import type { SipSession } from '../sip/session';
import { MediaPath } from './media-path';

/** What a call is cut off from. */
export type ReconnectingCause = 'signaling' | 'media';

/** STUN and TURN servers with credentials that are valid now; undefined where those in use will do. */
export type FreshIceServers = () => Promise<readonly RTCIceServer[] | undefined>;

export interface ContinuityOptions {
  readonly session: SipSession;
  readonly expectsAudio: () => boolean;
  readonly freshIceServers: FreshIceServers | undefined;
  readonly logger: Logger;
  readonly onReconnecting: (cause: ReconnectingCause) => void;
  readonly onReconnected: () => void;
  readonly onError: (error: VoiceSDKError) => void;
}

// New credentials are worth a round trip, not the wait for a backend that is as far away as the SIP server was.
const FRESH_SERVERS_TIMEOUT_MS = 1_500;

/** Keeps one call going over losses of the socket and of the media path, and says when it is cut off. */
export class Continuity {
  readonly #options: ContinuityOptions;
  readonly #cutOff = new Set<ReconnectingCause>();
  #path: MediaPath | undefined;

  constructor(options: ContinuityOptions) {
    this.#options = options;
    const { session } = options;
    session.once('confirmed', () => {
      this.#watchMedia();
    });
    session.on('lost', () => {
      this.#set('signaling', true);
      this.networkChanged();
    });
    session.on('restored', () => {
      this.#set('signaling', false);
      if (!this.#path) return;
      this.networkChanged();
      this.#verify();
    });
  }

  /** The network may have changed: looks closely whether audio still comes, and makes a new path when it does not. */
  networkChanged(): void {
    this.#path?.hint();
  }

  #watchMedia(): void {
    const { session, expectsAudio, logger, onError } = this.#options;
    const connection = session.peerConnection;
    if (!connection) return;
    this.#path = new MediaPath({
      connection,
      expectsAudio,
      online: () => session.online(),
      restart: () => this.#restart(connection),
      signal: session.signal,
    });
    this.#path.on('broken', () => {
      logger.info('the media path broke');
      this.#set('media', true);
      this.#verify();
    });
    this.#path.on('restored', () => {
      this.#set('media', false);
    });
    this.#path.on('silent', () => {
      this.#verify();
    });
    this.#path.on('hopeless', () => {
      onError(voiceError('ICE_FAILED', 'The media path broke, and no new one has come about so far.'));
    });
  }

  #verify(): void {
    void this.#options.session.verify(() => this.#path?.isSilent === true);
  }

  async #restart(connection: RTCPeerConnection): Promise<void> {
    const { session, freshIceServers, logger } = this.#options;
    try {
      const servers = freshIceServers
        ? await withDeadline(freshIceServers(), FRESH_SERVERS_TIMEOUT_MS, () => new Error('too slow'))
        : undefined;
      if (servers)
        connection.setConfiguration({ ...connection.getConfiguration(), iceServers: [...servers] });
    } catch (error) {
      logger.warn('the ICE servers in use stay', error);
    }
    await session.restartIce();
  }

  #set(cause: ReconnectingCause, isCutOff: boolean): void {
    if (this.#cutOff.has(cause) === isCutOff) return;
    if (isCutOff) {
      this.#cutOff.add(cause);
      this.#options.onReconnecting(cause);
      return;
    }
    this.#cutOff.delete(cause);
    if (this.#cutOff.size === 0) this.#options.onReconnected();
  }
}

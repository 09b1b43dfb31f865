import { untilAborted } from '../core/deadline';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { resultOf } from '../sip/dialog-probe';
import type { SipSession } from '../sip/session';
import { MediaPath } from './media-path';

/** What a call is cut off from. */
export type ReconnectingCause = 'signaling' | 'media';

/**
 * STUN and TURN servers with credentials that are valid now, or those at hand where others do not come soon: audio waits
 * for them. Undefined where those in use will do.
 */
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
      // The offer of a new path asks the far end just as well.
      if (!this.#path.isBroken) this.#verify();
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
      isOnline: () => session.isOnline,
      online: () => session.online(),
      restart: () => this.#restart(connection),
      signal: session.signal,
    });
    this.#path.on('broken', () => {
      logger.info('the media path broke');
      this.#set('media', true);
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
    this.#path.on('lost', () => {
      session.hangUp('media');
    });
  }

  #verify(): void {
    void this.#options.session.verify({
      isSilent: () => this.#path?.isSilent === true,
      heardAgoMs: () => this.#path?.heardAgoMs ?? Infinity,
    });
  }

  async #restart(connection: RTCPeerConnection): Promise<void> {
    const { session, freshIceServers, logger } = this.#options;
    try {
      const servers = await untilAborted(freshIceServers?.(), session.signal);
      if (servers)
        connection.setConfiguration({ ...connection.getConfiguration(), iceServers: [...servers] });
    } catch (error) {
      session.signal.throwIfAborted();
      logger.warn('the ICE servers in use stay', error);
    }
    try {
      await session.restartIce();
    } catch (error) {
      if (resultOf(error as VoiceSDKError).result === 'absent') this.#verify();
      throw error;
    }
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

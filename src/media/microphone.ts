import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { normalizeDeviceId, SYSTEM_DEFAULT } from './browser';
import { type AllInputProcessing, DEFAULT_PROCESSING, isSameProcessing } from './input-processing';
import { microphoneError, requireMediaDevices } from './microphone-error';
import { MicrophoneLease } from './microphone-lease';

export interface MicrophoneOpenOptions {
  /** Which microphone; left out, `''` and `default` are the system's default. */
  readonly deviceId?: string;
  /** Whether to take the default microphone when `deviceId` does not exist (any more). Default false. */
  readonly fallbackToDefault?: boolean;
  /** Whether to capture anew where an open microphone could be shared: the system has muted it or changed what it is. */
  readonly isFresh?: boolean;
  /** Gives up waiting. The prompt stays on the screen, but what it grants is closed at once. */
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly resolve: (lease: MicrophoneLease) => void;
  readonly reject: (error: VoiceSDKError) => void;
}

/** Opens microphones for their users and keeps none open itself. One per Device. */
export class Microphone {
  readonly #logger: Logger;
  readonly #onOutcome: ((error?: VoiceSDKError) => void) | undefined;
  /** How microphones that are opened from now on are processed. */
  processing: AllInputProcessing = DEFAULT_PROCESSING;
  /** Who holds a microphone, and which device each asked for. */
  readonly #leases = new Map<MicrophoneLease, string>();
  /** The requests that the browser has not answered yet, by device and processing, and who waits for each. */
  readonly #requests = new Map<string, Set<Waiter>>();

  constructor(options: {
    logger: Logger;
    /** The browser granted a microphone, or did not. */
    onOutcome?: (error?: VoiceSDKError) => void;
  }) {
    this.#logger = options.logger;
    this.#onOutcome = options.onOutcome;
  }

  /**
   * Opens a microphone; audio only. Where this microphone is open already, or a prompt for it is on the screen,
   * that one is shared: a second capture asks the agent again, and in Safari it mutes the first.
   *
   * It waits as long as a prompt may stay open. An aborted `signal` rejects with its reason; a caller that aborts
   * in the very moment of the grant may still get a lease, and then has to release it.
   *
   * @throws MICROPHONE_DENIED, MICROPHONE_NOT_FOUND, MICROPHONE_BUSY, MICROPHONE_FAILED, BROWSER_UNSUPPORTED
   */
  async open(options: MicrophoneOpenOptions = {}): Promise<MicrophoneLease> {
    const { signal } = options;
    signal?.throwIfAborted();
    try {
      const lease = await this.#acquireOrFallBack(options);
      if (signal?.aborted) lease.release();
      signal?.throwIfAborted();
      return lease;
    } catch (error) {
      signal?.throwIfAborted();
      throw microphoneError(error);
    }
  }

  async #acquireOrFallBack(options: MicrophoneOpenOptions): Promise<MicrophoneLease> {
    const deviceId = normalizeDeviceId(options.deviceId);
    try {
      return await this.#acquire(deviceId, options);
    } catch (error) {
      const mayFallBack = options.fallbackToDefault === true && deviceId !== SYSTEM_DEFAULT;
      if (!mayFallBack || microphoneError(error).code !== 'MICROPHONE_NOT_FOUND') throw error;
      this.#logger.warn('the preferred microphone is not there; taking the default one');
      return this.#acquire(SYSTEM_DEFAULT, options);
    }
  }

  #acquire(deviceId: string, { signal, isFresh }: MicrophoneOpenOptions): Promise<MicrophoneLease> {
    return new Promise((resolve, reject) => {
      const live = isFresh ? undefined : this.#liveLeaseOf(deviceId);
      if (live) {
        resolve(this.#leaseClone(live, deviceId));
        return;
      }
      const onAbort = () => {
        waiters.delete(waiter);
        reject(new Error('nobody waits any more'));
      };
      const waiter: Waiter = {
        resolve: (lease) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(lease);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const waiters = this.#join(deviceId, waiter);
    });
  }

  /** Waits for the request under way for this device, or for a new one; returns all who wait for it. */
  #join(deviceId: string, waiter: Waiter): Set<Waiter> {
    const request = JSON.stringify([deviceId, this.processing]);
    const underWay = this.#requests.get(request);
    if (underWay) return underWay.add(waiter);
    const waiters = new Set([waiter]);
    this.#requests.set(request, waiters);
    void this.#serve(request, deviceId, this.processing, waiters);
    return waiters;
  }

  async #serve(
    request: string,
    deviceId: string,
    processing: AllInputProcessing,
    waiters: ReadonlySet<Waiter>,
  ): Promise<void> {
    try {
      const stream = await requireMediaDevices().getUserMedia(constraintsFor(deviceId, processing));
      this.#requests.delete(request);
      this.#deliver(stream, deviceId, processing, waiters);
      this.#onOutcome?.();
    } catch (exception) {
      this.#requests.delete(request);
      const error = microphoneError(exception);
      for (const waiter of waiters) waiter.reject(error);
      this.#onOutcome?.(error);
    }
  }

  #deliver(
    stream: MediaStream,
    deviceId: string,
    processing: AllInputProcessing,
    waiters: ReadonlySet<Waiter>,
  ): void {
    const [track] = stream.getAudioTracks();
    const usable = track?.readyState === 'live';
    if (!usable || waiters.size === 0) {
      for (const unwanted of stream.getTracks()) unwanted.stop();
      if (waiters.size === 0) this.#logger.debug('a microphone was granted after everybody left; closed it');
      for (const waiter of waiters) waiter.reject(voiceError('MICROPHONE_FAILED'));
      return;
    }
    let original: MicrophoneLease | undefined;
    for (const waiter of waiters) {
      const lease: MicrophoneLease = original
        ? this.#leaseClone(original, deviceId)
        : this.#lease(track, stream, deviceId, processing);
      original ??= lease;
      waiter.resolve(lease);
    }
  }

  #leaseClone(source: MicrophoneLease, deviceId: string): MicrophoneLease {
    const track = source.track.clone();
    // A clone is born with the `enabled` of its source: the second call must not inherit the mute of the first.
    track.enabled = true;
    return this.#lease(track, new MediaStream([track]), deviceId, source.processing);
  }

  #lease(
    track: MediaStreamTrack,
    stream: MediaStream,
    deviceId: string,
    processing: AllInputProcessing,
  ): MicrophoneLease {
    const lease: MicrophoneLease = new MicrophoneLease(track, stream, processing, () => {
      this.#leases.delete(lease);
      this.#logger.debug('microphone released', { stillOpen: this.#leases.size });
    });
    this.#leases.set(lease, deviceId);
    this.#logger.debug('microphone opened', { open: this.#leases.size });
    return lease;
  }

  #liveLeaseOf(deviceId: string): MicrophoneLease | undefined {
    for (const [lease, requestedId] of this.#leases) {
      if (lease.track.readyState !== 'live' || !isSameProcessing(lease.processing, this.processing)) continue;
      if (requestedId === deviceId || lease.deviceId === deviceId) return lease;
    }
    return undefined;
  }
}

function constraintsFor(deviceId: string, processing: AllInputProcessing): MediaStreamConstraints {
  return {
    audio: deviceId === SYSTEM_DEFAULT ? { ...processing } : { ...processing, deviceId: { exact: deviceId } },
    video: false,
  };
}

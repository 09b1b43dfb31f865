import { audioDirection } from './sdp';

/**
 * Whether the far end holds the call, read from what it last described (RFC 3264 section 8.4). JsSIP looks at offers
 * only, and takes every re-INVITE without an offer for a resume.
 */
export class RemoteHold {
  readonly #onChange: (isHeld: boolean) => void;
  #isHeld = false;
  #isOurOffer = false;

  constructor(onChange: (isHeld: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Follows one connection for as long as it lives. */
  watch(connection: RTCPeerConnection): void {
    connection.addEventListener('signalingstatechange', () => {
      if (connection.signalingState === 'stable') this.#read(connection);
      else this.#isOurOffer = connection.signalingState === 'have-local-offer';
    });
  }

  #read({ localDescription, remoteDescription }: RTCPeerConnection): void {
    const direction = audioDirection(remoteDescription?.sdp ?? '');
    if (direction === undefined) return;
    // While we hold, `inactive` is a right answer of a far end that holds and of one that does not.
    const saysNothing =
      direction === 'inactive' &&
      this.#isOurOffer &&
      audioDirection(localDescription?.sdp ?? '') !== 'sendrecv';
    if (saysNothing) return;
    const isHeld = direction === 'sendonly' || direction === 'inactive';
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#onChange(isHeld);
  }
}

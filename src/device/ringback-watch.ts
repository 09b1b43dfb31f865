import { startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { TypedEmitter } from '../core/emitter';
import { packetsReceived } from '../quality/packets';
import type { SipSession } from '../sip/session';

// A few packets of 20 ms: what two tones at once may last.
const LOOK_MS = 100;
// Not from a standard: ICE and DTLS over a slow path take about this long before the first packet can be there.
const PROMISED_MEDIA_MS = 1_500;

/**
 * Whether one outbound call needs ringing made here, by the policy of RFC 3960 section 3.2: while the far end rings and no
 * media packets come in. What counts are the packets: far ends send a session description and then nothing, or a 180
 * after their own ringing has begun. Beyond the RFC, a description without a 180 and without packets rings too, after a
 * moment: an agent must not dial into silence. Once the far end was heard nothing is made here any more.
 */
export class RingbackWatch extends TypedEmitter<{ change: [isWanted: boolean] }> {
  readonly #session: SipSession;
  #isWanted = false;
  #isDescribed = false;
  #isOver = false;
  #promise: TimerHandle | undefined;
  #look: TimerHandle | undefined;

  constructor(session: SipSession) {
    super();
    this.#session = session;
    session.on('progress', ({ hasEarlyMedia }) => {
      this.#onProgress(hasEarlyMedia);
    });
    const end = () => {
      this.#finish();
    };
    session.once('confirmed', end);
    session.once('ended', end);
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** A provisional response has been seen by somebody else, before this began to watch. */
  catchUp(): void {
    this.#onProgress(this.#session.peerConnection?.remoteDescription != null);
  }

  #onProgress(hasEarlyMedia: boolean): void {
    if (this.#isOver) return;
    if (hasEarlyMedia && !this.#isDescribed) {
      this.#isDescribed = true;
      this.#scheduleLook();
      if (!this.#isWanted)
        this.#promise = startTimer(PROMISED_MEDIA_MS, () => {
          this.#promise = undefined;
          this.#set(true);
        });
    }
    if (this.#promise === undefined) this.#set(true);
  }

  #scheduleLook(): void {
    if (this.#isOver) return;
    this.#look = startTimer(LOOK_MS, () => {
      const connection = this.#session.peerConnection;
      if (!connection) return;
      packetsReceived(connection).then(
        (packets = 0) => {
          if (packets > 0) this.#finish();
          else this.#scheduleLook();
        },
        // Closed under it.
        () => undefined,
      );
    });
  }

  #finish(): void {
    this.#isOver = true;
    stopTimer(this.#promise);
    stopTimer(this.#look);
    this.#set(false);
  }

  #set(isWanted: boolean): void {
    if (this.#isWanted === isWanted) return;
    this.#isWanted = isWanted;
    this.emit('change', isWanted);
  }
}

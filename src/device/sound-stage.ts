import { isOver } from '../call/call-state';
import type { LiveCall } from '../call/live-call';
import type { SoundContext } from '../media/sounds/sound';
import { SoundBoard, type SoundName } from '../media/sounds/sound-board';
import type { SoundOptions } from '../media/sounds/sound-options';
import type { SipEnd } from '../sip/end-reason';
import type { SipSession } from '../sip/session';
import { RingbackWatch } from './ringback-watch';

/** Ends that the busy tone tells of (ITU-T E.182); any other failure has the congestion tone. */
const BUSY_REASONS: readonly SipEnd['reason'][] = ['busy', 'declined'];

interface Dialled {
  readonly ringback: RingbackWatch;
  /** Number of this event among those that decide what the agent listens to. */
  readonly begunAt: number;
  /** Whether the INVITE left. Of what fails before, `connect()` tells. */
  isSent: boolean;
}

/**
 * Which sound is heard when, over all calls of a Device. Loaded on demand.
 *
 * ```text
 *  outbound: pending ── rings, no media ──▶ ringback ── media, answer, end ──▶ silence
 *                 └──────┴── fails ──▶ busy or congestion, once
 *  any call: accepted ── ends ──▶ hang-up, once
 *  inbound, while another call is live: rings ──▶ call waiting
 * ```
 */
export class SoundStage {
  readonly #board: SoundBoard;
  readonly #dialled = new Map<SipSession, Dialled>();
  /** When each connected call became so. */
  readonly #connected = new Map<LiveCall, number>();
  #events = 0;

  constructor(context: SoundContext, settings: SoundOptions) {
    this.#board = new SoundBoard(context, settings);
  }

  /** Listens to a call from now on. */
  add(call: LiveCall, session: SipSession): void {
    this.#stopEndings();
    const begunAt = ++this.#events;
    // A call of a former page is connected already, though its session begins anew.
    if (call.acceptedForMs !== undefined) this.#connected.set(call, begunAt);
    else if (call.direction === 'outbound') this.#dial(call, session, begunAt);
    session.once('confirmed', () => {
      // Hung up by whoever heard of it first.
      if (isOver(call.getStatus())) return;
      if (!this.#connected.has(call)) this.#connected.set(call, ++this.#events);
      this.#stopEndings();
      this.#update();
    });
    session.once('ended', (end) => {
      this.#onEnd(call, session, end);
    });
    call.on('hold', () => {
      this.#update();
    });
  }

  /** Whether a call rings in while the agent is in another one. */
  setWaiting(isWaiting: boolean): void {
    if (isWaiting) this.#board.start('callWaiting');
    else this.#board.stop('callWaiting');
  }

  /** A digit is being sent. */
  playDigit(digit: string): void {
    this.#board.start(`digit ${digit}`);
  }

  configure(settings: SoundOptions): void {
    this.#board.configure(settings);
    this.#update();
  }

  setOutputDevice(deviceId: string): void {
    this.#board.setOutputDevice(deviceId);
  }

  /** URL of the ringer that stands in for a ringtone; undefined where none can be made. */
  ringerUrl(): string | undefined {
    return this.#board.ringerUrl();
  }

  dispose(): void {
    this.#board.dispose();
  }

  #dial(call: LiveCall, session: SipSession, begunAt: number): void {
    const ringback = new RingbackWatch(session);
    const isRinging = call.getStatus() === 'ringing';
    const dialled: Dialled = { ringback, begunAt, isSent: isRinging };
    this.#dialled.set(session, dialled);
    session.once('sending', () => {
      dialled.isSent = true;
    });
    ringback.on('change', () => {
      this.#update();
    });
    if (isRinging) ringback.catchUp();
  }

  #update(): void {
    const isHeard = [...this.#dialled.values()].some(
      ({ ringback, begunAt }) => ringback.isWanted && !this.#isTalking(begunAt),
    );
    if (isHeard) this.#board.start('ringback');
    else this.#board.stop('ringback');
  }

  /** Whether the agent talks in a call that came about after `since`: nothing is played over what is said there. */
  #isTalking(since: number): boolean {
    return [...this.#connected].some(([call, at]) => at > since && !call.isOnHold());
  }

  #onEnd(call: LiveCall, session: SipSession, end: SipEnd): void {
    const connectedAt = this.#connected.get(call);
    const dialled = this.#dialled.get(session);
    this.#connected.delete(call);
    this.#dialled.delete(session);
    this.#update();
    if (end.reason === 'destroyed') return;
    if (connectedAt !== undefined) this.#tell('hangUp', connectedAt);
    else if (dialled?.isSent && isFailure(end) && !this.#isTalking(dialled.begunAt))
      this.#tell(BUSY_REASONS.includes(end.reason) ? 'busy' : 'congestion', dialled.begunAt);
  }

  /** Says how a call ended, unless the agent has dialled another one since: a page may do so at once. */
  #tell(name: SoundName, since: number): void {
    if (![...this.#dialled.values()].some(({ begunAt }) => begunAt > since)) this.#board.start(name);
  }

  /** Another call begins: how the last one ended is no news any more. */
  #stopEndings(): void {
    for (const name of ['busy', 'congestion', 'hangUp'] as const) this.#board.stop(name);
  }
}

function isFailure({ errorCode, initiator }: SipEnd): boolean {
  return errorCode !== undefined && initiator !== 'local';
}

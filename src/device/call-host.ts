import type { Call } from '../call/call';
import { isOver } from '../call/call-state';
import { randomUuid } from '../core/clock';
import { voiceError } from '../core/errors';
import {
  CALL_PAYLOADS,
  type CarriedCall,
  MOST_CALLS,
  type SharedCallEvent,
  type SharedCallNews,
  type SharedCallState,
  stateOf,
} from './shared-protocol';
import type { SharedCallMethod } from './shared-call';

const METHODS: Readonly<Record<SharedCallMethod, (call: Call, argument: never) => unknown>> = {
  accept: (call) => call.accept(),
  reject: (call, statusCode: number | undefined) => {
    call.reject(statusCode);
  },
  disconnect: (call) => call.disconnect(),
  mute: (call, on: boolean) => {
    call.mute(on);
  },
  hold: (call, on: boolean) => call.hold(on),
  sendDigits: (call, digits: string) => call.sendDigits(digits),
  setInputDevice: (call, deviceId: string) => call.setInputDevice(deviceId),
  setOutputDevice: (call, deviceId: string) => call.setOutputDevice(deviceId),
  setVolume: (call, volume: number) => {
    call.setVolume(volume);
  },
  // Listening begins below, with the call itself.
  watchQuality: () => undefined,
};

// Far above what SIP stacks choose. A caller chooses what a Call-ID is, so that what is longer gets a name of ours.
const LONGEST_ID = 256;

/** The calls that this tab carries for all tabs: tells of them, and does what the others ask of them. */
export class CallHost {
  readonly #tell: (news: SharedCallNews) => void;
  readonly #calls = new Map<string, CarriedCall>();
  readonly #watched = new Set<string>();

  constructor(tell: (news: SharedCallNews) => void) {
    this.#tell = tell;
  }

  get states(): SharedCallState[] {
    return [...this.#calls].slice(0, MOST_CALLS).map(([id, call]) => stateOf(id, call));
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Shares a call from now on, and says which tab asked for it. Returns its name between the tabs. */
  add(call: CarriedCall, requestedBy: string): string {
    const known = nameOf(call);
    const id = known === undefined || this.#calls.has(known) ? randomUuid() : known;
    // A listener has refused it at once: nothing more is heard of it, so that it would never go off the list.
    if (isOver(call.getStatus())) return id;
    this.#calls.set(id, call);
    for (const event of Object.keys(CALL_PAYLOADS) as SharedCallEvent[])
      // A message a second is worth the while only where another tab listens.
      if (event !== 'quality') this.#forward(id, call, event);
    call.once('disconnect', () => {
      this.#calls.delete(id);
      this.#watched.delete(id);
    });
    this.#tell({ call: stateOf(id, call), event: 'shared', detail: requestedBy });
    return id;
  }

  /** Does what another tab asks of a call. @throws VoiceSDKError what the method throws; `INVALID_STATE` */
  async ask(id: unknown, method: unknown, argument: unknown): Promise<void> {
    const call = this.#calls.get(id as string);
    if (!call || isOver(call.getStatus())) {
      if (method === 'disconnect' || method === 'mute' || method === 'reject') return;
      throw voiceError('INVALID_STATE', 'The call is over.');
    }
    if (!Object.hasOwn(METHODS, method as string))
      throw voiceError('INVALID_ARGUMENT', 'There is no such method.');
    if (method === 'watchQuality' && !this.#watched.has(id as string)) {
      this.#watched.add(id as string);
      this.#forward(id as string, call, 'quality');
    }
    await METHODS[method as SharedCallMethod](call, argument as never);
  }

  #forward(id: string, call: CarriedCall, event: SharedCallEvent): void {
    const write = CALL_PAYLOADS[event].write as (...args: unknown[]) => unknown;
    call.on(event, (...args: unknown[]) => {
      this.#tell({ call: stateOf(id, call), event, detail: write(...args) });
    });
  }
}

/** What stays the name of a call when another page takes it up: the SIP dialog goes on. */
export function nameOf({ direction, session }: CarriedCall): string | undefined {
  return session.id.length <= LONGEST_ID ? `${direction} ${session.id}` : undefined;
}

/**
 * The dialogs that passed through the proxy (RFC 3261 section 12): who is at each end. Requests inside a
 * dialog are routed by this table and not by the address that they name, so knowing somebody's contact is
 * not enough to reach into their call.
 */
import { sameIdentity, type Flow, type Identity } from './flow';

export interface Party {
  readonly identity: Identity;
  readonly tag: string;
  /** The device, where it gave one: survives its sockets. */
  readonly instanceId: string | undefined;
  /** The remote target that it last announced. */
  contact: string;
  flow: Flow;
}

export interface Dialog {
  readonly callId: string;
  readonly caller: Party;
  readonly callees: Map<string, Party>;
  /** A 2xx has passed. */
  confirmed: boolean;
  touchedAtMs: number;
}

export interface DialogMatch {
  readonly dialog: Dialog;
  readonly sender: Party;
  readonly receiver: Party;
}

/** A bound on memory, far above what one machine can carry in calls. */
const maxDialogs = 20_000;
/** Longer than any call: what is left then was never ended properly. */
const dialogLifetimeMs = 24 * 3600 * 1000;

export class DialogTable {
  readonly #dialogs = new Map<string, Dialog>();

  get size(): number {
    return this.#dialogs.size;
  }

  start(callId: string, caller: Party): void {
    const existing = this.#dialogs.get(callId);
    if (existing !== undefined && !sameIdentity(existing.caller.identity, caller.identity)) return;
    this.#dialogs.delete(callId);
    this.#dialogs.set(callId, {
      callId,
      caller,
      callees: new Map(),
      confirmed: false,
      touchedAtMs: Date.now(),
    });
    this.#makeRoom();
  }

  addCallee(callId: string, callerTag: string, callee: Party, confirmed: boolean): void {
    const dialog = this.#dialogs.get(callId);
    if (dialog?.caller.tag !== callerTag) return;
    const known = dialog.callees.get(callee.tag);
    if (known === undefined) dialog.callees.set(callee.tag, callee);
    else if (sameIdentity(known.identity, callee.identity)) known.contact = callee.contact;
    dialog.confirmed ||= confirmed;
  }

  /** An unanswered call is over. */
  abandon(callId: string, callerTag: string): void {
    const dialog = this.#dialogs.get(callId);
    if (dialog?.caller.tag === callerTag && !dialog.confirmed) this.#dialogs.delete(callId);
  }

  end(dialog: Dialog): void {
    if (this.#dialogs.get(dialog.callId) === dialog) this.#dialogs.delete(dialog.callId);
  }

  /** True when this Call-ID is in use by somebody else, who must not be displaced. */
  isTakenByOther(callId: string, identity: Identity): boolean {
    const dialog = this.#dialogs.get(callId);
    return dialog !== undefined && !sameIdentity(dialog.caller.identity, identity);
  }

  find(callId: string, fromTag: string, toTag: string): DialogMatch | undefined {
    const dialog = this.#dialogs.get(callId);
    if (dialog === undefined) return undefined;
    dialog.touchedAtMs = Date.now();
    const { caller } = dialog;
    const byCaller = caller.tag === fromTag ? dialog.callees.get(toTag) : undefined;
    if (byCaller !== undefined) return { dialog, sender: caller, receiver: byCaller };
    const byCallee = caller.tag === toTag ? dialog.callees.get(fromTag) : undefined;
    return byCallee === undefined ? undefined : { dialog, sender: byCallee, receiver: caller };
  }

  clear(): void {
    this.#dialogs.clear();
  }

  #makeRoom(): void {
    if (this.#dialogs.size <= maxDialogs) return;
    const oldEnough = Date.now() - dialogLifetimeMs;
    const victim =
      [...this.#dialogs.values()].find((dialog) => !dialog.confirmed || dialog.touchedAtMs < oldEnough) ??
      this.#dialogs.values().next().value;
    if (victim !== undefined) this.#dialogs.delete(victim.callId);
  }
}

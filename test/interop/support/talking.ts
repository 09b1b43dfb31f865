/** What many scenarios begin with: two agents in a call. */
import type { Agent, AgentOptions, Lab } from './lab';

export interface Conversation {
  readonly a: Agent;
  readonly b: Agent;
  /** The call at `a`, who called. */
  readonly out: number;
  /** The call at `b`. */
  readonly into: number;
  /** From `connect()` to `accepted` at the caller, the callee answering at once. */
  readonly setupMs: number;
}

export async function talking(lab: Lab, options: AgentOptions = {}): Promise<Conversation> {
  const a = await lab.agent({ label: 'Alice', ...options });
  const b = await lab.agent({ label: 'Bob', ...options });
  const startedMs = performance.now();
  const out = await a.phone.connect(b.user);
  const { index: into } = await b.phone.incoming();
  await b.phone.do(into, 'accept');
  await a.phone.next(`call ${out}`, 'accepted');
  return { a, b, out, into, setupMs: Math.round(performance.now() - startedMs) };
}

/** Resolves when both hear each other; with the figure for the table. */
export async function hearEachOther({ a, b, out, into }: Conversation): Promise<string> {
  const [atA, atB] = await Promise.all([a.phone.hears(out, b.hz), b.phone.hears(into, a.hz)]);
  return `caller hears ${heard(atA)}, callee ${heard(atB)}`;
}

/** `600 Hz at -9 dBFS`. */
export function heard({ hz, dbfs }: { readonly hz: number | null; readonly dbfs: number }): string {
  return hz === null ? 'silence' : `${Math.round(hz)} Hz at ${Math.round(dbfs)} dBFS`;
}

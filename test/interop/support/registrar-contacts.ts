/** What the registrar of an edge itself says. */
import type { Edges } from '../../../examples/kamailio/edge.mjs';

/** How many contacts this edge knows of a user. */
export async function contactsOf(edges: Edges, edge: number, userUuid: string): Promise<number> {
  try {
    const text = await edges.kamcmd(edge, 'ul.lookup', 'location', `${userUuid}@${edges.domain}`);
    return text.match(/^\s*Address:/gm)?.length ?? 0;
  } catch (error) {
    // An address of record that nobody has.
    if (/404/.test(String(error))) return 0;
    throw error;
  }
}

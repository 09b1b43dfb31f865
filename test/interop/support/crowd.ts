/** A crowd of plain phones at the edges: what an office is to them when everybody comes back at once. */
import type { Edges } from '../../../examples/kamailio/edge.mjs';
import { registerAll } from '../phones/registrations';
import { contactsOf } from './registrar-contacts';
import type { Crowd } from './world';

/** Longer than a run: nobody of the crowd comes a second time. */
const EXPIRES_SECONDS = 1200;

export function crowdAt(
  edges: Edges,
  credentials: (user: string) => Promise<{ readonly username: string; readonly password: string }>,
): Crowd {
  let crowds = 0;
  return {
    register: async (usersPerServer, perSecondAndServer) => {
      crowds += 1;
      const registered = edges.edges.map(async ({ number, sipHost }) => {
        const names = Array.from({ length: usersPerServer }, (_, at) => `crowd-${crowds}-${number}-${at}`);
        const users = names.map(async (user) => ({ user, ...(await credentials(user)) }));
        await registerAll({
          server: sipHost,
          domain: edges.domain,
          fromHost: `127.0.1.${number}`,
          users: await Promise.all(users),
          perSecond: perSecondAndServer,
          expiresSeconds: EXPIRES_SECONDS,
        });
        return names;
      });
      return (await Promise.all(registered)).flat();
    },
    unknownSomewhere: async (users) => {
      const unknown: string[] = [];
      for (const user of users) {
        for (const { number } of edges.edges) {
          if ((await contactsOf(edges, number, user)) === 0) unknown.push(user);
        }
      }
      return unknown;
    },
  };
}

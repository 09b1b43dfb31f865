/** Each fault as two switches, at the one place where it happens. */
import type { Page } from 'playwright-core';
import type { FaultName } from '../plan';
import type { Proxy } from './proxy';
import { MORTAL, type RoomName, type World } from './world';

export interface Fault {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
  /** Whether a new connection is possible from the beginning on, and not only from the end. */
  readonly leavesAWay?: boolean;
}

/** Where the agents of a fault sit. */
export const ROOM_OF: Readonly<Record<FaultName, RoomName>> = {
  cut: 'desk',
  frozen: 'desk',
  server: 'desk',
  offline: 'away',
  link: 'roaming',
  page: 'desk',
};

/** The edge that they register with. */
export const EDGE_OF = (fault: FaultName): number => (fault === 'server' ? MORTAL : 1);

export function newFault(
  fault: FaultName,
  outageMs: number,
  at: { readonly world: World; readonly proxy: Proxy; readonly pages: readonly Page[] },
): Fault {
  const { world, proxy, pages } = at;
  const room = world.room(ROOM_OF[fault]);
  switch (fault) {
    case 'cut':
      return {
        begin: () => {
          proxy.cut(outageMs > 0);
        },
        end: () => proxy.mend(),
      };
    case 'frozen':
      return {
        begin: () => {
          proxy.freeze();
        },
        end: () => {
          proxy.thaw();
        },
      };
    case 'server':
      return { begin: () => world.edges.kill(MORTAL), end: () => world.edges.restart(MORTAL) };
    case 'offline':
      return {
        begin: () => {
          room.down('first');
        },
        end: () => {
          room.up('first');
        },
      };
    case 'link':
      return {
        begin: () => {
          room.down('first');
          room.up('second');
        },
        end: () => {
          room.up('first');
        },
        leavesAWay: true,
      };
    case 'page':
      return { begin: () => setLifecycle(pages, 'frozen'), end: () => setLifecycle(pages, 'active') };
  }
}

async function setLifecycle(pages: readonly Page[], state: 'frozen' | 'active'): Promise<void> {
  await Promise.all(
    pages.map(async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send('Page.setWebLifecycleState', { state });
    }),
  );
}

/** The worlds of a run, each started when its first scenario runs. */
import { kamailioWorld } from './kamailio-world';
import { sandboxWorld } from './sandbox-world';
import type { World, WorldName } from './world';

const START: Readonly<Record<WorldName, () => Promise<World>>> = {
  sandbox: sandboxWorld,
  kamailio: kamailioWorld,
};

const running = new Map<WorldName, Promise<World>>();

export function worldOf(name: WorldName): Promise<World> {
  const world = running.get(name) ?? START[name]();
  running.set(name, world);
  return world;
}

export async function closeWorld(name: WorldName): Promise<void> {
  const world = running.get(name);
  running.delete(name);
  // One that never started has failed its cells already.
  await world?.then(
    (started) => started.close(),
    () => undefined,
  );
}

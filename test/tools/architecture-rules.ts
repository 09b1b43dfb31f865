import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { readSourceFacts, type Located, type SourceFacts } from './source-facts';

export interface Room {
  /** Browser rooms import rooms of lower floors. `node` rooms stand beside the house. */
  floor: number | 'node';
  /** npm packages that this room may import. */
  packages?: readonly string[];
  /** Rooms of lower floors that are closed to this room all the same. */
  except?: readonly string[];
  /** For `node` rooms: the only rooms that may be imported. */
  rooms?: readonly string[];
  /** For `node` rooms: must load where there is no Node, so neither its modules nor its globals are for it. */
  isWebStandard?: boolean;
  /** A published entry: `index.ts` may re-export. */
  published?: boolean;
}

/** Globals and members that one room keeps to itself. Node rooms have their own world and are exempt. */
export interface Reservation {
  room: string;
  touches: readonly string[];
}

export interface HousePlan {
  rooms: Readonly<Record<string, Room>>;
  reservations: readonly Reservation[];
  /** Files directly in `src/`: published entries over every browser room. */
  entries: readonly string[];
  maxLines: number;
}

/** Path relative to the repository, with forward slashes, to source text. */
export type SourceTree = Readonly<Record<string, string>>;

const NODE_GLOBALS = ['process', 'Buffer', '__dirname', '__filename', 'require', 'global', 'setImmediate'];
const BUILTINS = new Set(builtinModules);

interface SourceFile extends SourceFacts {
  path: string;
  /** Undefined for files directly in `src/`. */
  roomName: string | undefined;
}

/** Every breach of the plan, as `path:line what is wrong`, in a stable order. */
export function findBreaches(tree: SourceTree, plan: HousePlan): string[] {
  const breaches: string[] = [];
  const edges = new Map<string, readonly string[]>();
  for (const [path, text] of Object.entries(tree)) {
    const [, roomOrFile = '', ...below] = path.split('/');
    const file: SourceFile = {
      ...readSourceFacts(path, text),
      path,
      roomName: below.length === 0 ? undefined : roomOrFile,
    };
    if (!isPlanned(file, plan)) {
      breaches.push(`${path}:1 is in no room of the plan`);
      continue;
    }
    const inside = resolveInside(file, tree, breaches);
    edges.set(path, [...inside.keys()]);
    breaches.push(
      ...importBreaches(file, inside, plan),
      ...packageBreaches(file, plan),
      ...touchBreaches(file, plan),
      ...shapeBreaches(file, plan),
    );
  }
  return [...breaches, ...findCycles(edges)].sort();
}

function isPlanned({ path, roomName }: SourceFile, plan: HousePlan): boolean {
  return roomName === undefined ? plan.entries.includes(path) : Object.hasOwn(plan.rooms, roomName);
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('/');
}

/** The files of the tree that this one imports, and where. Imports that lead nowhere are breaches. */
function resolveInside(file: SourceFile, tree: SourceTree, breaches: string[]): Map<string, Located> {
  const inside = new Map<string, Located>();
  for (const imported of file.imports) {
    if (!isRelative(imported.name)) continue;
    const base = posix.join(posix.dirname(file.path), imported.name);
    const target = [base, `${base}.ts`, `${base}/index.ts`].find((path) => Object.hasOwn(tree, path));
    if (target === undefined)
      breaches.push(breach(file, imported, `imports ${imported.name}, not a file of src`));
    else inside.set(target, imported);
  }
  return inside;
}

function breach(file: SourceFile, { line }: { line: number }, what: string): string {
  return `${file.path}:${line} ${what}`;
}

function importBreaches(file: SourceFile, inside: ReadonlyMap<string, Located>, plan: HousePlan): string[] {
  const found: string[] = [];
  for (const [target, at] of inside) {
    const targetRoom = target.split('/').length > 2 ? (target.split('/')[1] ?? '') : undefined;
    if (targetRoom === undefined) {
      found.push(breach(file, at, `imports the entry ${target}`));
    } else if (targetRoom !== file.roomName && !mayImport(file.roomName, targetRoom, plan)) {
      found.push(breach(file, at, `imports up or sideways: ${file.roomName ?? 'entry'} -> ${targetRoom}`));
    }
  }
  return found;
}

function mayImport(from: string | undefined, to: string, plan: HousePlan): boolean {
  const target = plan.rooms[to];
  if (target === undefined) return false;
  if (from === undefined) return target.floor !== 'node';
  const room = plan.rooms[from];
  if (room === undefined) return false;
  if (room.floor === 'node') return room.rooms?.includes(to) ?? false;
  return target.floor !== 'node' && target.floor < room.floor && !(room.except ?? []).includes(to);
}

function packageBreaches(file: SourceFile, plan: HousePlan): string[] {
  const room = file.roomName === undefined ? undefined : plan.rooms[file.roomName];
  const found: string[] = [];
  for (const imported of file.imports) {
    if (isRelative(imported.name)) continue;
    const name = packageName(imported.name);
    if (imported.name.startsWith('node:') || BUILTINS.has(name)) {
      if (!isOfNode(room)) found.push(breach(file, imported, `imports the Node builtin ${imported.name}`));
    } else if (!(room?.packages ?? []).includes(name)) {
      found.push(breach(file, imported, `imports the package ${name} outside its room`));
    }
  }
  return found;
}

/** True where Node's modules and globals are at home. */
function isOfNode(room: Room | undefined): boolean {
  return room?.floor === 'node' && room.isWebStandard !== true;
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function touchBreaches(file: SourceFile, plan: HousePlan): string[] {
  const room = file.roomName === undefined ? undefined : plan.rooms[file.roomName];
  const found: string[] = [];
  for (const touched of file.touches) {
    if (NODE_GLOBALS.includes(touched.name) && !isOfNode(room))
      found.push(breach(file, touched, `touches Node's ${touched.name}`));
    if (room?.floor === 'node') continue;
    const owners = plan.reservations.filter(({ touches }) => touches.includes(touched.name));
    if (owners.length > 0 && !owners.some(({ room }) => room === file.roomName)) {
      const rooms = owners.map(({ room }) => room).join(', ');
      found.push(breach(file, touched, `touches ${touched.name}, which belongs to ${rooms}`));
    }
  }
  return found;
}

function shapeBreaches(file: SourceFile, plan: HousePlan): string[] {
  const found = file.starExports.map((at) => breach(file, at, 'exports by star: name what is public'));
  if (file.lineCount > plan.maxLines) {
    found.push(`${file.path}:1 has ${file.lineCount} lines, more than ${plan.maxLines}`);
  }
  const { path, roomName } = file;
  const isPublishedEntry =
    roomName === undefined ||
    (plan.rooms[roomName]?.published === true && path === `src/${roomName}/index.ts`);
  if (!isPublishedEntry && (file.isBarrel || path.endsWith('/index.ts'))) {
    found.push(`${path}:1 is a barrel inside a room`);
  }
  return found;
}

/** Each group of files that import each other, reported once. Tarjan's strongly connected components. */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[] = [];

  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.size - 1);
    stack.push(path);
    for (const next of edges.get(path) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) {
        lowest.set(path, Math.min(lowest.get(path) ?? 0, lowest.get(next) ?? 0));
      }
    }
    if (lowest.get(path) !== order.get(path)) return;
    const group = stack.splice(stack.indexOf(path));
    const importsItself = edges.get(path)?.includes(path) ?? false;
    if (group.length > 1 || importsItself) {
      const names = group.sort();
      cycles.push(`${names[0] ?? path}:1 is in a cycle: ${names.join(' <-> ')}`);
    }
  };
  for (const path of edges.keys()) if (!order.has(path)) visit(path);
  return cycles;
}

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of a program under the first of these names that the PATH has. */
export function findOnPath(
  commands: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  // All names in a folder would do as well; a folder at a time would let the order of the PATH choose the program.
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

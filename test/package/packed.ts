import { execFile } from 'node:child_process';
import { mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface PackReport {
  filename: string;
  files: readonly { path: string }[];
}

export interface Tarball {
  /** Absolute path of the `.tgz`. */
  path: string;
  /** Paths inside the package. */
  files: readonly string[];
}

export async function makeTempFolder(): Promise<string> {
  // Resolved, because TypeScript and Node compare real paths and macOS's /tmp is a link.
  return realpath(await mkdtemp(join(tmpdir(), 'voice-sdk-package-')));
}

/** Runs a command to its end; throws with all of its output where it fails. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await execute(command, args, {
      cwd,
      maxBuffer: 32 * 2 ** 20,
      shell: process.platform === 'win32',
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Packs what `npm publish` would publish from the files that are built now. */
export async function packInto(folder: string): Promise<Tarball> {
  const flags = ['--ignore-scripts', '--json', '--pack-destination', folder];
  const [report] = JSON.parse(await run('npm', ['pack', ...flags], ROOT)) as PackReport[];
  if (report === undefined) throw new Error('npm pack reported no package');
  return { path: join(folder, report.filename), files: report.files.map(({ path }) => path) };
}

/** Installs packages the way an integrator does; dependencies come from the registry or npm's cache. */
export async function installInto(folder: string, packages: readonly string[]): Promise<void> {
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], folder);
}

export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
}

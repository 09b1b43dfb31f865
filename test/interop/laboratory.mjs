// What runs of tests with servers around them have in common: a network of their own, and nothing left behind.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killMarked, makeNetwork, namespaceArguments } from './namespace.mjs';
import { PATH } from './programs.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** File descriptor that closes when the process outside ends. */
const LIFELINE = 3;

/**
 * Runs the file `self` a second time inside a laboratory, where `run` is called with the laboratory's folder and the
 * arguments, and ends with the exit code that it resolves with. `mark` names the variable that holds the folder, by
 * which every process of the run is found and ended. `missing` says which packages have to be installed first.
 */
export async function runInLaboratory({ self, mark, missing, needsNamespace = false, run }) {
  const args = process.argv.slice(2);
  const folder = process.env[mark];
  if (folder === undefined) {
    process.exitCode = await outside({
      self: fileURLToPath(self),
      mark,
      missing: missing(),
      needsNamespace,
      args,
    });
    return;
  }
  // The lifeline alone would keep this process alive.
  process.exit(await inside(mark, folder, () => run(folder, args)));
}

/** Prepares the laboratory, runs the file again inside it, and leaves nothing behind however that ends. */
async function outside({ self, mark, missing, needsNamespace, args }) {
  if (missing.length > 0) {
    console.error('These tests need programs that are not installed. Debian and Ubuntu:');
    console.error(`  apt-get install --no-install-recommends ${missing.join(' ')}`);
    return 1;
  }
  const namespace = namespaceArguments();
  if (namespace === undefined && needsNamespace) {
    console.error('No network namespace can be made here, and these tests need several. Run them as root.');
    return 1;
  }
  const lab = mkdtempSync(join(tmpdir(), `voice-sdk-${mark.toLowerCase().replaceAll('_', '-')}-`));
  process.once('exit', () => {
    leaveNothing(mark, lab);
  });
  if (namespace === undefined) {
    console.log('No network namespace can be made here: running on the loopback of this machine.');
  }
  const command = [process.execPath, self, ...args];
  const [program, ...rest] = namespace === undefined ? command : ['unshare', ...namespace, ...command];
  // Temporary files too: a profile of a browser that was killed is removed with the folder.
  const env = { ...process.env, PATH, TMPDIR: lab, [mark]: lab };
  if (namespace !== undefined) env.LAB_NAMESPACE = '1';
  const child = spawn(program, rest, { cwd: ROOT, env, stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      child.kill('SIGKILL');
      process.exit(130);
    });
  }
  return exitOf(child);
}

function leaveNothing(mark, lab) {
  killMarked(mark, lab);
  rmSync(lab, { recursive: true, force: true, maxRetries: 3 });
}

async function inside(mark, lab, run) {
  // Whoever started this is gone without a word (SIGKILL): then nobody else cleans up.
  new Socket({ fd: LIFELINE, readable: true }).resume().once('close', () => {
    leaveNothing(mark, lab);
    process.exit(137);
  });
  if (process.env.LAB_NAMESPACE === '1') makeNetwork();
  return run();
}

/** Starts the tests of a project. */
export function runVitest(project, args, env) {
  return spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
}

/** Whether the flag of vitest is followed by a value, which is no filter then. */
export function takesValue(flag = '') {
  return /^(-t|--testNamePattern|--reporter|--outputFile|--outputFile\..*|--bail)$/.test(flag);
}

export function exitOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(String(error));
      resolve(127);
    });
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 137)));
  });
}

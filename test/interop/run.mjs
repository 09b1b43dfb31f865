// `npm run test:interop`: the SDK in real browsers against servers and phones that others wrote.
//   npm run test:interop                     the whole matrix; writes RESULTS.md
//   npm run test:interop -- hold             scenario files with "hold" in their name
//   npm run test:interop -- -t 'kamailio'    cells by name: `scenario [browser @ server]`
// Other arguments go to vitest. Everything runs in a network namespace of its own where the machine allows it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killMarked, makeNetwork, namespaceArguments } from './namespace.mjs';
import { PATH, missingPackages, versions } from './programs.mjs';
import { startPulse } from './pulse.mjs';
import { readCells } from './cells.mjs';
import { printTable, writeResults } from './table.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SELF = fileURLToPath(import.meta.url);
/** Marks every process of a run, and names the folder of its files. */
const MARK = 'INTEROP_LAB';

/** File descriptor that closes when the process outside ends. */
const LIFELINE = 3;

const args = process.argv.slice(2);
const folder = process.env[MARK];
if (folder === undefined) process.exitCode = await outside();
// The lifeline alone would keep this process alive.
else process.exit(await inside(folder));

/** Prepares the laboratory, runs this file again inside it, and leaves nothing behind however that ends. */
async function outside() {
  const missing = missingPackages();
  if (missing.length > 0) {
    console.error('The interop tests need programs that are not installed. Debian and Ubuntu:');
    console.error(`  apt-get install --no-install-recommends ${missing.join(' ')}`);
    return 1;
  }
  const lab = mkdtempSync(join(tmpdir(), 'voice-sdk-interop-'));
  process.once('exit', () => {
    leaveNothing(lab);
  });
  const namespace = namespaceArguments();
  if (namespace === undefined) {
    console.log('No network namespace can be made here: running on the loopback of this machine.');
  }
  const command = [process.execPath, SELF, ...args];
  const [program, ...rest] = namespace === undefined ? command : ['unshare', ...namespace, ...command];
  // Temporary files too: a profile of a browser that was killed is removed with the folder.
  const env = { ...process.env, PATH, TMPDIR: lab, [MARK]: lab };
  if (namespace !== undefined) env.INTEROP_NAMESPACE = '1';
  const child = spawn(program, rest, { cwd: ROOT, env, stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      child.kill('SIGKILL');
      process.exit(130);
    });
  }
  return exitOf(child);
}

function leaveNothing(lab) {
  killMarked(MARK, lab);
  rmSync(lab, { recursive: true, force: true, maxRetries: 3 });
}

/** Runs the tests in a laboratory that is ready; the folder of its files is `lab`. */
async function inside(lab) {
  // Whoever started this is gone without a word (SIGKILL): then nobody else cleans up.
  new Socket({ fd: LIFELINE, readable: true }).resume().once('close', () => {
    leaveNothing(lab);
    process.exit(137);
  });
  if (process.env.INTEROP_NAMESPACE === '1') makeNetwork();
  const pulse = await startPulse(join(lab, 'pulse'));
  try {
    const filters = args.filter((argument, at) => !argument.startsWith('-') && !isValue(at));
    const vitest = spawn(
      process.execPath,
      [
        ...['node_modules/vitest/vitest.mjs', 'run', '--project', 'interop'],
        ...args.filter((argument) => !filters.includes(argument)),
      ],
      {
        cwd: ROOT,
        env: { ...process.env, ...pulse.env, INTEROP_FILES: filters.join(',') },
        stdio: 'inherit',
      },
    );
    const exitCode = await exitOf(vitest);
    const cells = readCells(join(lab, 'cells.jsonl'));
    const isWhole =
      filters.length === 0 && !args.some((argument) => /^(-t|--testNamePattern)/.test(argument));
    printTable(cells, isWhole);
    if (isWhole) await writeResults(new URL('RESULTS.md', import.meta.url), cells, versions());
    if (!cells.some(({ outcome }) => outcome === 'pass' || outcome === 'fail')) {
      console.error('No cell ran.');
      return exitCode || 1;
    }
    // A cell that never ran is a failure even where vitest saw none.
    const failed = isWhole && cells.some(({ outcome }) => outcome === 'never' || outcome === 'fail');
    return exitCode === 0 && failed ? 1 : exitCode;
  } finally {
    pulse.stop();
  }
}

/** Whether the argument belongs to the flag before it. */
function isValue(at) {
  return /^(-t|--testNamePattern|--reporter|--outputFile|--outputFile\..*|--bail)$/.test(args[at - 1] ?? '');
}

function exitOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(String(error));
      resolve(127);
    });
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 137)));
  });
}

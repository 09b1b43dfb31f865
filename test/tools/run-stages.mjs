// Runs the named stages one after another, all of them even when one fails, and ends with `N passed, N failed`.
//   node test/tools/run-stages.mjs unit build          runs these two
//   node test/tools/run-stages.mjs --add size          keeps the results of earlier runs
//   node test/tools/run-stages.mjs --total unit size   runs nothing: sums what has run, these two at least
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resultOfCommand, resultOfVitest, total } from './results.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ARTIFACTS = new URL('../.artifacts/', import.meta.url);
const RESULTS = new URL('results/', ARTIFACTS);

/** Stages that are projects of vitest. */
const VITEST_PROJECTS = {
  unit: ['unit'],
  integration: ['integration'],
  browser: ['browser', 'browser-measured'],
  package: ['package'],
};
/** These are vitest projects too, which need something around them. */
const VITEST_RUNNERS = {
  interop: ['test/interop/run.mjs'],
  faults: ['test/faults/run.mjs'],
  quality: ['test/quality/run.mjs'],
  scale: ['test/scale/run.mjs', '--agents', '200'],
};
const SCRIPTS = ['typecheck', 'lint', 'build', 'check:package', 'size', 'docs'];

/** A stage that hangs must not outlive the CI run. */
const STAGE_TIMEOUT_MS = { default: 10 * 60_000, browser: 20 * 60_000, interop: 20 * 60_000 };
/** A stage that is told to stop may end its servers and remove its files before it is killed. */
const GRACE_MS = 5_000;

async function runStage(name) {
  const runner =
    VITEST_RUNNERS[name] ??
    (Object.hasOwn(VITEST_PROJECTS, name)
      ? [
          'node_modules/vitest/vitest.mjs',
          'run',
          ...VITEST_PROJECTS[name].flatMap((one) => ['--project', one]),
        ]
      : undefined);
  const isVitest = runner !== undefined;
  if (!isVitest && !SCRIPTS.includes(name)) throw new Error(`No stage is called ${name}`);
  const report = new URL(fileNameOf(name), ARTIFACTS);
  rmSync(report, { force: true });
  const reportFlags = ['--reporter=default', '--reporter=json', `--outputFile.json=${fileURLToPath(report)}`];
  const [command, args] = isVitest
    ? [process.execPath, [...runner, ...reportFlags]]
    : ['npm', ['run', '--silent', name]];

  console.log(`\n--- ${name} ---`);
  const startedAt = Date.now();
  const exitCode = await run(command, args, STAGE_TIMEOUT_MS[name] ?? STAGE_TIMEOUT_MS.default);
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
  const result = isVitest
    ? resultOfVitest(name, seconds, exitCode, readJson(report))
    : resultOfCommand(name, seconds, exitCode);
  save(result);
}

/** A stage that runs a second time does not hide how it went the first time. */
function save(result) {
  const file = new URL(fileNameOf(result.name), RESULTS);
  if (existsSync(file)) save({ ...result, name: `${result.name} again` });
  else writeFileSync(file, JSON.stringify(result));
}

function fileNameOf(name) {
  return `${name.replaceAll(/\W/g, '-')}.json`;
}

function run(command, args, timeoutMs) {
  const windows = process.platform === 'win32';
  // Its own process group, so that a stage that hangs takes its servers and browsers with it.
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', detached: !windows, shell: windows });
  let grace;
  const kill = () => {
    if (windows) child.kill();
    else signalGroup(child.pid, 'SIGKILL');
  };
  const stop = () => {
    if (windows) return child.kill();
    signalGroup(child.pid, 'SIGTERM');
    grace ??= setTimeout(kill, GRACE_MS);
  };
  const stopAndLeave = () => {
    stop();
    child.once('exit', () => process.exit(130));
  };
  const timer = setTimeout(() => {
    console.error(`Stopped after ${timeoutMs / 60_000} minutes.`);
    stop();
  }, timeoutMs);
  process.once('SIGINT', stopAndLeave);
  process.once('SIGTERM', stopAndLeave);
  return new Promise((resolve) => {
    const settle = (exitCode) => {
      clearTimeout(timer);
      clearTimeout(grace);
      // Told to stop, the leader may have gone before the others of its group.
      if (grace !== undefined) kill();
      process.removeListener('SIGINT', stopAndLeave);
      process.removeListener('SIGTERM', stopAndLeave);
      resolve(exitCode);
    };
    child.once('error', (error) => {
      console.error(String(error));
      settle(127);
    });
    child.once('exit', settle);
  });
}

function signalGroup(leaderPid, signal) {
  if (leaderPid === undefined) return;
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function readJson(url) {
  try {
    return JSON.parse(readFileSync(url, 'utf8'));
  } catch {
    return undefined;
  }
}

function printTotal(expected) {
  const files = readdirSync(RESULTS).filter((file) => file.endsWith('.json'));
  const results = files
    .map((file) => readJson(new URL(file, RESULTS)))
    .filter((result) => result !== undefined);
  results.sort((a, b) => expected.indexOf(a.name) - expected.indexOf(b.name));
  console.log('');
  for (const { name, passed, failed, seconds, note } of results) {
    const mark = failed > 0 ? 'FAIL' : 'ok';
    console.log(`${mark.padEnd(5)}${name.padEnd(15)}${passed} passed, ${failed} failed, ${seconds} s`);
    if (note !== undefined) console.log(`     ${note}`);
  }
  const sum = total(results, expected);
  if (sum.note !== undefined) console.log(`FAIL ${sum.note}`);
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = sum.failed > 0 ? 1 : 0;
}

const args = process.argv.slice(2);
const stages = args.filter((argument) => !argument.startsWith('--'));
if (args.includes('--total')) {
  mkdirSync(RESULTS, { recursive: true });
  printTotal(stages);
} else {
  if (!args.includes('--add')) rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  for (const stage of stages) await runStage(stage);
  printTotal(stages);
}

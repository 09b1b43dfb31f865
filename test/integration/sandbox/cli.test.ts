import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/sandbox/wait';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the command', () => {
  let folder: string;
  let command: string;

  beforeAll(async () => {
    // Inside the project, so that the packages it needs are found.
    folder = mkdtempSync(join(root, 'node_modules', '.sandbox-cli-'));
    command = join(folder, 'cli.mjs');
    await build({
      entryPoints: [join(root, 'src/sandbox/cli.ts')],
      outfile: command,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  interface Running {
    readonly process: ChildProcess;
    output(): string;
    readonly ended: Promise<number | null>;
  }

  const run = (...args: string[]): Running => {
    const child = spawn(process.execPath, [command, ...args]);
    let text = '';
    const note = (data: Buffer): void => {
      text += data.toString();
      child.emit('text');
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    const ended = waitFor<number | null>('end of the command', 20_000, (resolve) => {
      child.once('exit', resolve);
      return () => child.kill('SIGKILL');
    });
    return { process: child, output: () => text, ended };
  };

  const ready = (running: Running): Promise<string> =>
    waitFor(`banner; there is "${running.output()}"`, 10_000, (resolve) => {
      const look = (): void => {
        const url = /API +(http:\S+)/.exec(running.output())?.[1];
        if (url !== undefined) resolve(url);
      };
      running.process.on('text', look);
      return () => running.process.off('text', look);
    });

  it('starts, serves, hands out demo tokens and ends on SIGTERM', async () => {
    const running = run('--port', '0', '--demo', '--static', `/=${join(root, 'src')}`);
    const url = await ready(running);
    const answer = await fetch(`${url}/demo/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"user_uuid":"alice"}',
    });
    expect(answer.status).toBe(200);
    running.process.kill('SIGTERM');
    expect(await running.ended).toBe(0);
  });

  it('says that a port is taken, or takes the next one when none was named', async () => {
    const first = run();
    const url = await ready(first);
    const second = run();
    const next = await ready(second);
    expect(next).not.toBe(url);
    const third = run('--port', new URL(url).port);
    expect(await third.ended).toBe(1);
    expect(third.output()).toContain('is in use');
    first.process.kill('SIGINT');
    second.process.kill('SIGINT');
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
  });

  it('explains itself', async () => {
    const help = run('--help');
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain('Usage: 2chat-sandbox');
    const wrong = run('--prot', '1');
    expect(await wrong.ended).toBe(1);
    expect(wrong.output()).toContain("Unknown option '--prot'");
  });
});

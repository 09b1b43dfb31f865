// A sound card that swallows everything: without a sink an AudioContext of Firefox never starts.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';

const START_MS = 10_000;

/** Starts PulseAudio with a null sink, in a folder of its own. Resolves once clients can connect. */
export async function startPulse(folder) {
  mkdirSync(folder, { recursive: true });
  const socket = join(folder, 'native');
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, PULSE_RUNTIME_PATH: folder };
  const child = spawn(
    'pulseaudio',
    [
      ...['-n', '--daemonize=no', '--exit-idle-time=-1', '--disable-shm=yes', '--use-pid-file=no'],
      '--load=module-null-sink sink_name=laboratory',
      `--load=module-native-protocol-unix socket=${socket} auth-anonymous=1`,
    ],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  await new Promise((resolve, reject) => {
    const give = (error) => {
      clearTimeout(timer);
      watcher.close();
      if (error === undefined) resolve();
      else reject(new Error(`PulseAudio ${error}\n${said}`));
    };
    const look = () => existsSync(socket) && give();
    const watcher = watch(folder, look);
    const timer = setTimeout(() => give('did not start in time'), START_MS);
    child.once('error', (error) => give(String(error)));
    child.once('exit', (code) => give(`ended with code ${code}`));
    look();
  });
  return {
    /** For its clients. */
    env: { PULSE_SERVER: `unix:${socket}` },
    stop: () => child.kill('SIGTERM'),
  };
}

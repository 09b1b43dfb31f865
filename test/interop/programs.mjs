// What the laboratory is made of: each program, the Debian package that brings it, and how it says its version.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = [
  { commands: ['kamailio'], package: 'kamailio', title: 'Kamailio', version: ['-v', /kamailio (\S+)/] },
  { commands: ['haproxy'], package: 'haproxy', title: 'HAProxy', version: ['-v', /HAProxy version (\S+?)-/] },
  {
    commands: ['rtpengine'],
    package: 'rtpengine-daemon',
    title: 'RTPengine',
    version: ['--version', /Version: (\S+)/],
  },
  { commands: ['turnserver'], package: 'coturn', title: 'coturn', version: ['--version', /^([\d.]+)$/m] },
  { commands: ['baresip'], package: 'baresip-core', title: 'baresip', version: ['-h', /baresip v(\S+)/] },
  { commands: ['sipp'], package: 'sip-tester', title: 'SIPp', version: ['-v', /SIPp v([\d.]+)/] },
  {
    commands: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    env: 'CHROMIUM_PATH',
    package: 'chromium',
    title: 'Chromium',
    version: ['--version', /(\d[\d.]+)/],
  },
  {
    commands: ['firefox-esr', 'firefox'],
    package: 'firefox-esr',
    title: 'Firefox',
    version: ['--version', /Firefox (\S+)/],
  },
  {
    commands: ['pulseaudio'],
    package: 'pulseaudio',
    title: 'PulseAudio',
    version: ['--version', /pulseaudio (\S+)/],
  },
  { commands: ['sox'], package: 'sox' },
  { commands: ['ip'], package: 'iproute2' },
  { commands: ['nsenter'], package: 'util-linux' },
  { commands: ['openssl'], package: 'openssl' },
];

/** Modules of Kamailio that come in packages of their own. */
const MODULES = [
  { file: 'websocket.so', package: 'kamailio-websocket-modules' },
  { file: 'auth_ephemeral.so', package: 'kamailio-autheph-modules' },
];

/** Servers live where an ordinary user's PATH does not look. */
export const PATH = [process.env.PATH ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);

function pathOf({ commands, env }) {
  const chosen = env === undefined ? undefined : process.env[env];
  const candidates = commands.flatMap((command) => PATH.split(delimiter).map((dir) => join(dir, command)));
  return (chosen ? [chosen] : candidates).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Debian puts them under the architecture's name, others directly under lib. */
function kamailioModules() {
  const roots = ['/usr/lib', '/usr/lib64', ...list('/usr/lib').map((name) => `/usr/lib/${name}`)];
  return new Set(roots.flatMap((root) => list(`${root}/kamailio/modules`)));
}

const isOneOf = (names) => (program) => names === undefined || names.includes(program.commands[0]);

/** Packages to install before anything can run, by default for all programs; empty when all is there. */
export function missingPackages(names) {
  const modules = kamailioModules();
  return [
    ...PROGRAMS.filter(isOneOf(names)).filter((program) => pathOf(program) === undefined),
    ...MODULES.filter(({ file }) => !modules.has(file)),
  ].map((missing) => missing.package);
}

/** `Kamailio 5.6.3, RTPengine 10.5, ...` as the programs, by default all of them, say it themselves. */
export function versions(names) {
  const shown = PROGRAMS.filter(isOneOf(names)).filter(({ version }) => version !== undefined);
  const said = shown.map((program) => {
    const [flag, pattern] = program.version;
    const { stdout, stderr } = spawnSync(pathOf(program), [flag], { encoding: 'utf8', timeout: 10_000 });
    return `${program.title} ${pattern.exec(`${stdout}\n${stderr}`)?.[1] ?? 'of unknown version'}`;
  });
  return [...said, `Node ${process.versions.node}`].join(', ');
}

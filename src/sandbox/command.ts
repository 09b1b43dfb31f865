/** The command line, apart from the process it runs in: options in, a running sandbox out. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { banner } from './banner';
import type { Sandbox } from './contract/sandbox';
import { startSandbox } from './sandbox';
import type { SandboxOptions } from './options';

/** Of no well-known service (RFC 6335, the user ports). */
const defaultPort = 8787;
/** How many ports are tried after a taken one that nobody asked for by name. */
const portsToTry = 10;

export const usage = `Usage: 2chat-sandbox [options]

The other side of a browser softphone, on this machine: a token API, SIP over
WebSocket, and customers who answer with real audio.

  --port <n>           port to listen on (default ${defaultPort}, or the next free one; 0 for any)
  --host <address>     address to listen on (default 127.0.0.1)
  --api-key <key>      key that mints tokens (default: a random one)
  --static <url=dir>   serve a folder, for example --static /=examples/page; may be repeated
  --demo               hand out tokens without a key to pages of this machine (POST /demo/token);
                       without --static, serve the example page where there is one
  --verbose            tell about registrations and calls
  --help               show this
`;

export interface CommandOptions {
  readonly sandbox: SandboxOptions;
  readonly mayUseNextPort: boolean;
  readonly help: boolean;
}

/** @throws Error whose message tells what is wrong with the arguments */
export function readArguments(args: readonly string[], print: (text: string) => void): CommandOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      'api-key': { type: 'string' },
      static: { type: 'string', multiple: true },
      demo: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port ?? defaultPort);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('--port is a number up to 65535');
  const folders = (values.static ?? []).map(readFolder);
  return {
    help: values.help,
    mayUseNextPort: values.port === undefined,
    sandbox: {
      port,
      demo: values.demo,
      staticDirs: folders.length > 0 || !values.demo ? Object.fromEntries(folders) : demoFolders(),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values['api-key'] === undefined ? {} : { apiKey: values['api-key'] }),
      ...(values.verbose
        ? {
            onLog: (line: string) => {
              print(`  ${line}\n`);
            },
          }
        : {}),
    },
  };
}

/** The example page and the build it loads, when the command runs where they are. */
const demoFolders = (): Record<string, string> =>
  Object.fromEntries(
    [
      ['/', 'examples/vanilla-html'],
      ['/dist/', 'dist'],
    ].filter(([, folder]) => existsSync(folder ?? '')),
  ) as Record<string, string>;

function readFolder(text: string): [prefix: string, folder: string] {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1 || !text.startsWith('/')) {
    throw new Error(`--static is <url>=<folder>, for example /=public; got "${text}"`);
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** Starts the sandbox, on a later port when the usual one is taken and no other was asked for. */
async function startSomewhere({ sandbox: options, mayUseNextPort }: CommandOptions): Promise<Sandbox> {
  const first = options.port ?? 0;
  for (let port = first; ; port += 1) {
    try {
      return await startSandbox({ ...options, port });
    } catch (error) {
      const isTaken = (error as { code?: unknown }).code === 'EADDRINUSE';
      if (!isTaken || !mayUseNextPort || port - first >= portsToTry) throw error;
    }
  }
}

/**
 * Runs the command.
 * @returns the sandbox, or undefined when only help was wanted
 */
export async function run(
  args: readonly string[],
  print: (text: string) => void,
): Promise<Sandbox | undefined> {
  const options = readArguments(args, print);
  if (options.help) {
    print(usage);
    return undefined;
  }
  const sandbox = await startSomewhere(options);
  print(banner({ sandbox, hasPage: '/' in (options.sandbox.staticDirs ?? {}) }));
  return sandbox;
}

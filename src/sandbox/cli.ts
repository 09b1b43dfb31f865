#!/usr/bin/env node
/** The command `2chat-sandbox`. */
import { run, usage } from './command';

const print = (text: string): void => {
  process.stdout.write(text);
};

/** A second signal does not wait for calls to end. */
function stopOnSignal(close: () => Promise<void>): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    void close().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

run(process.argv.slice(2), print).then(
  (sandbox) => {
    if (sandbox !== undefined) stopOnSignal(() => sandbox.close());
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`2chat-sandbox: ${message}\n\n${usage}`);
    process.exit(1);
  },
);

import { describe, expect, it } from 'vitest';
import { banner } from '../../../src/sandbox/banner';
import { readArguments } from '../../../src/sandbox/command';
import { builtInCustomers, deadNumbers } from '../../../src/sandbox/customers/table';
import { isLoopbackHost } from '../../../src/sandbox/options';

const read = (...args: string[]): ReturnType<typeof readArguments> => readArguments(args, () => undefined);

describe('the command line', () => {
  it('has defaults that work', () => {
    expect(read()).toMatchObject({ help: false, mayUseNextPort: true, sandbox: { port: 8787, demo: false } });
  });

  it('reads its options', () => {
    const { sandbox, mayUseNextPort } = read(
      ...['--port', '9000', '--host', '::1', '--api-key', 'k', '--static', '/=a', '--static', '/dist/=b=c'],
    );
    expect(sandbox).toMatchObject({
      port: 9000,
      host: '::1',
      apiKey: 'k',
      staticDirs: { '/': 'a', '/dist/': 'b=c' },
    });
    expect(mayUseNextPort).toBe(false);
  });

  it.each([[['--port', 'x']], [['--port', '70000']], [['--static', 'public']], [['--unknown']], [['stray']]])(
    'refuses %j',
    (args) => {
      expect(() => read(...args)).toThrow();
    },
  );

  it('shows everything that the first call needs', () => {
    const sandbox = {
      url: 'http://127.0.0.1:1',
      wsUrl: 'ws://127.0.0.1:1/sip',
      apiKey: 'key',
      domain: 'd.test',
    };
    const text = banner({ sandbox, hasPage: true });
    for (const part of [sandbox.url, sandbox.wsUrl, 'key', ...builtInCustomers.map(({ number }) => number)]) {
      expect(text).toContain(part);
    }
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('the table of customers', () => {
  it('has one owner for each number and name, all of them fictional', () => {
    const all = [...builtInCustomers, ...deadNumbers];
    const keys = all.flatMap(({ number, name }) => [number, name]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(all.every(({ number }) => /^\+120255501\d\d$/.test(number))).toBe(true);
  });

  it('knows what loopback is', () => {
    expect(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]'].every(isLoopbackHost)).toBe(true);
    expect(['0.0.0.0', '192.0.2.1', '127.0.0.1.example', ''].some(isLoopbackHost)).toBe(false);
  });
});

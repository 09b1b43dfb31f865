import { describe, expect, it } from 'vitest';
import { Flow } from '../../../src/sandbox/sip/flow';

const newFlow = (): Flow => new Flow({ send: () => undefined, close: () => undefined }, '127.0.0.1');

/** A step that is done when the test says so. */
function step(name: string, log: string[]): { run: () => Promise<void>; finish: () => void } {
  const done = new EventTarget();
  return {
    run: () => {
      log.push(`${name} begins`);
      return new Promise((resolve) => {
        done.addEventListener('done', () => {
          log.push(`${name} ends`);
          resolve();
        });
      });
    },
    finish: () => done.dispatchEvent(new Event('done')),
  };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the messages of a flow', () => {
  it('begin at once, and wait for the one before', async () => {
    const log: string[] = [];
    const flow = newFlow();
    const [one, two] = [step('one', log), step('two', log)];
    flow.inOrder(one.run);
    expect(log).toEqual(['one begins']);
    flow.inOrder(two.run);
    await nextTurn();
    expect(log).toEqual(['one begins']);
    one.finish();
    await nextTurn();
    expect(log).toEqual(['one begins', 'one ends', 'two begins']);
    two.finish();
    await nextTurn();
    flow.inOrder(step('three', log).run);
    expect(log.at(-1)).toBe('three begins');
  });

  it('are dropped once it has closed', async () => {
    const log: string[] = [];
    const flow = newFlow();
    const [one, two] = [step('one', log), step('two', log)];
    flow.inOrder(one.run);
    flow.inOrder(two.run);
    flow.markClosed();
    one.finish();
    await nextTurn();
    expect(log).toEqual(['one begins', 'one ends']);
  });

  it('tell once who it is', () => {
    const flow = newFlow();
    let proofs = 0;
    flow.onProven = () => (proofs += 1);
    expect(flow.prove({ kind: 'agent', user: 'alice' })).toBe(true);
    expect(flow.prove({ kind: 'agent', user: 'alice' })).toBe(true);
    expect(flow.prove({ kind: 'agent', user: 'bob' })).toBe(false);
    expect(proofs).toBe(1);
  });
});

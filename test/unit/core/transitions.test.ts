import { beforeEach, expect, it } from 'vitest';
import { StateMachine, type TransitionTable } from '../../../src/core/transitions';

type State = 'closed' | 'open' | 'locked';
type Act = 'open' | 'close' | 'lock' | 'knock';

const TABLE: TransitionTable<State, Act> = {
  closed: { open: 'open', lock: 'locked', knock: 'closed' },
  open: { close: 'closed' },
  locked: {},
};

let refused: [State, Act][];
let door: StateMachine<State, Act>;

beforeEach(() => {
  refused = [];
  door = new StateMachine<State, Act>(TABLE, 'closed', (state, event) => refused.push([state, event]));
});

it('starts where it was told', () => {
  expect(door.state).toBe('closed');
});

it('moves along a listed event and says how', () => {
  expect(door.send('open')).toEqual({ from: 'closed', event: 'open', to: 'open' });
  expect(door.state).toBe('open');
  expect(refused).toEqual([]);
});

it('may stay where it is', () => {
  expect(door.send('knock')).toEqual({ from: 'closed', event: 'knock', to: 'closed' });
});

it('refuses and reports every event that the state does not list, and changes nothing', () => {
  door.send('lock');
  for (const event of ['open', 'close', 'lock', 'knock'] as const) {
    expect(door.can(event)).toBe(false);
    expect(door.send(event)).toBeUndefined();
    expect(door.state).toBe('locked');
  }
  expect(refused.map(([state]) => state)).toEqual(['locked', 'locked', 'locked', 'locked']);
});

it('can() tells without moving or reporting', () => {
  expect(door.can('open')).toBe(true);
  expect(door.can('close')).toBe(false);
  expect(door.state).toBe('closed');
  expect(refused).toEqual([]);
});

import { describe, expect, it, vi } from 'vitest';
import { StateMachine } from '../../../src/core/transitions';
import {
  REGISTRATION_TRANSITIONS,
  type RegistrationEvent,
  type RegistrationState,
} from '../../../src/registration/registration-state';

// Written down again on purpose: a change of the table has to be made twice.
const LEGAL: readonly (readonly [RegistrationState, RegistrationEvent, RegistrationState])[] = [
  ['unregistered', 'register', 'registering'],
  ['unregistered', 'dispose', 'disposed'],
  ['registering', 'confirmed', 'registered'],
  ['registering', 'failed', 'unregistered'],
  ['registering', 'unregister', 'unregistering'],
  ['registering', 'dispose', 'disposed'],
  ['registered', 'lost', 'recovering'],
  ['registered', 'unregister', 'unregistering'],
  ['registered', 'dispose', 'disposed'],
  ['recovering', 'confirmed', 'registered'],
  ['recovering', 'failed', 'unregistered'],
  ['recovering', 'unregister', 'unregistering'],
  ['recovering', 'dispose', 'disposed'],
  ['unregistering', 'removed', 'unregistered'],
  ['unregistering', 'dispose', 'disposed'],
];
const STATES = Object.keys(REGISTRATION_TRANSITIONS) as RegistrationState[];
const EVENTS: readonly RegistrationEvent[] = [
  ...(['register', 'confirmed', 'failed', 'lost', 'unregister', 'removed', 'dispose'] as const),
];
const ALL = STATES.flatMap((state) => EVENTS.map((event) => [state, event] as const));

function machineIn(state: RegistrationState) {
  const refused = vi.fn();
  return { machine: new StateMachine(REGISTRATION_TRANSITIONS, state, refused), refused };
}

describe('legal', () => {
  it.each(LEGAL)('%s -- %s --> %s', (from, event, to) => {
    const { machine, refused } = machineIn(from);
    expect(machine.can(event)).toBe(true);
    expect(machine.send(event)).toEqual({ from, event, to });
    expect(machine.state).toBe(to);
    expect(refused).not.toHaveBeenCalled();
  });
});

describe('illegal: refused, reported, and nothing changes', () => {
  const illegal = ALL.filter(([state, event]) => !LEGAL.some(([from, by]) => from === state && by === event));

  it.each(illegal)('%s -- %s', (state, event) => {
    const { machine, refused } = machineIn(state);
    expect(machine.can(event)).toBe(false);
    expect(machine.send(event)).toBeUndefined();
    expect(machine.state).toBe(state);
    expect(refused).toHaveBeenCalledExactlyOnceWith(state, event);
  });

  it('is every other pair of the table', () => {
    expect(illegal.length + LEGAL.length).toBe(STATES.length * EVENTS.length);
  });
});

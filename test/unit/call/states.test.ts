import { describe, expect, it, vi } from 'vitest';
import type { Call } from '../../../src/index';
import { CALL_TRANSITIONS, type CallStatus, type CallTransition, isOver } from '../../../src/call/call-state';
import { StateMachine } from '../../../src/core/transitions';
import type { AgentBench } from '../../support/agent';
import { codeOf, recordEvents, type Recorder } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import { agree, endOf, expectNothingHeld, useBench } from './bench';

const context = useBench();

interface Situation {
  readonly call: Call;
  readonly events: Recorder;
  /** Lets the far end do what it must for the pending method to settle. */
  readonly help: () => Promise<void>;
}

type State =
  'pending' | 'ringing, outbound' | 'ringing, inbound' | 'accepted, outbound' | 'accepted, inbound' | 'over';

const nothing = () => Promise.resolve();

const REACH: Readonly<Record<State, (bench: AgentBench) => Promise<Situation>>> = {
  pending: async (bench) => {
    const { call, events } = await bench.dial(context.device);
    return { call, events, help: nothing };
  },
  'ringing, outbound': async (bench) => {
    const { call, events, invite } = await bench.dial(context.device);
    invite.reply(180);
    await events.next('ringing');
    return { call, events, help: nothing };
  },
  'ringing, inbound': async (bench) => {
    const { call, events, invite } = await bench.ring(context.device);
    const help = async () => {
      await invite.answered();
    };
    return { call, events, help };
  },
  'accepted, inbound': async (bench) => {
    const { call, events, invite } = await bench.ring(context.device);
    const [dialog] = await Promise.all([invite.answered(), call.accept()]);
    const help = async () => {
      await agree(dialog, await dialog.expect('INVITE'));
    };
    return { call, events, help };
  },
  'accepted, outbound': async (bench) => {
    const { call, events, dialog } = await bench.talk(context.device);
    const help = async () => {
      await agree(dialog, await dialog.expect('INVITE'));
    };
    return { call, events, help };
  },
  over: async (bench) => {
    const { call, events, dialog } = await bench.talk(context.device);
    await dialog.request('BYE').response(200);
    await events.next('disconnect');
    return { call, events, help: nothing };
  },
};

const STATES = Object.keys(REACH) as State[];

/** What becomes of a method: the code that it fails with, or what is true after it succeeded. */
type Result = 'INVALID_STATE' | ((situation: Situation, bench: AgentBench) => void | Promise<void>);

const unchanged = ({ events }: Situation) => {
  expect(events.names.filter((name) => name !== 'ringing' && name !== 'accepted')).toEqual([]);
};
const stillOver = ({ call, events }: Situation) => {
  expect(call.getStatus()).toBe('disconnected');
  expect(events.names).toEqual(['accepted', 'disconnect']);
};
const accepted = ({ call }: Situation) => {
  expect(call.getStatus()).toBe('accepted');
};
const endsWith =
  (reason: string, method: string): Result =>
  async ({ call, events }, { server }) => {
    expect(endOf(events)).toMatchObject({ reason, initiator: 'local' });
    expect(call.getStatus()).toBe('disconnected');
    // A CANCEL waits until the INVITE is on its way.
    await vi.waitFor(() => {
      expect(server.requests(method)).toHaveLength(1);
    });
  };
const refusedWith =
  (status: number): Result =>
  ({ call, events }, { server }) => {
    expect(endOf(events)).toMatchObject({ reason: 'rejected', code: status, initiator: 'local' });
    expect(call.getStatus()).toBe('disconnected');
    expect(server.responses(status, 'INVITE')).toHaveLength(1);
  };
const muted = ({ call }: Situation) => {
  expect(call.isMuted()).toBe(true);
};
const notMuted = ({ call }: Situation) => {
  expect(call.isMuted()).toBe(false);
};
const held = ({ call }: Situation) => {
  expect(call.isOnHold()).toBe(true);
};
const playedFive = (_situation: Situation, { webRtc }: AgentBench) => {
  const [sender] = webRtc.connection.getSenders();
  expect(sender?.dtmf?.played.map(({ tone }) => tone)).toEqual(['5']);
};
const opened =
  (deviceId: string | undefined): Result =>
  (_situation, { media }) => {
    expect(media.liveTracks.at(0)?.source.deviceId).toBe(deviceId);
  };
const sinkOf =
  (sinkId: string): Result =>
  (_situation, { media }) => {
    expect(media.elements.map((element) => (element as unknown as { sinkId: string }).sinkId)).toContain(
      sinkId,
    );
  };

interface Row {
  readonly name: string;
  readonly act: (call: Call) => unknown;
  readonly needsHelp?: boolean;
  readonly results: Readonly<Record<State, Result>>;
}

const invalid = 'INVALID_STATE';

/** The table in the doc comment of `Call`, one row a method. */
const TABLE: readonly Row[] = [
  {
    name: 'accept',
    act: (call) => call.accept(),
    needsHelp: true,
    results: {
      pending: invalid,
      'ringing, outbound': invalid,
      'ringing, inbound': accepted,
      'accepted, outbound': invalid,
      'accepted, inbound': unchanged,
      over: invalid,
    },
  },
  {
    name: 'reject',
    act: (call) => {
      call.reject(603);
    },
    results: {
      pending: invalid,
      'ringing, outbound': invalid,
      'ringing, inbound': refusedWith(603),
      'accepted, outbound': invalid,
      'accepted, inbound': invalid,
      over: stillOver,
    },
  },
  {
    name: 'disconnect',
    act: (call) => call.disconnect(),
    results: {
      pending: endsWith('canceled', 'CANCEL'),
      'ringing, outbound': endsWith('canceled', 'CANCEL'),
      'ringing, inbound': refusedWith(486),
      'accepted, outbound': endsWith('hangup', 'BYE'),
      'accepted, inbound': endsWith('hangup', 'BYE'),
      over: stillOver,
    },
  },
  {
    name: 'mute',
    act: (call) => {
      call.mute(true);
    },
    results: {
      pending: muted,
      'ringing, outbound': muted,
      'ringing, inbound': muted,
      'accepted, outbound': muted,
      'accepted, inbound': muted,
      over: notMuted,
    },
  },
  {
    name: 'hold',
    act: (call) => call.hold(true),
    needsHelp: true,
    results: {
      pending: invalid,
      'ringing, outbound': invalid,
      'ringing, inbound': invalid,
      'accepted, outbound': held,
      'accepted, inbound': held,
      over: invalid,
    },
  },
  {
    name: 'sendDigits',
    act: (call) => call.sendDigits('5'),
    results: {
      pending: invalid,
      'ringing, outbound': invalid,
      'ringing, inbound': invalid,
      'accepted, outbound': playedFive,
      'accepted, inbound': playedFive,
      over: invalid,
    },
  },
  {
    name: 'setInputDevice',
    act: (call) => call.setInputDevice('headset-mic'),
    results: {
      pending: opened('headset-mic'),
      'ringing, outbound': opened('headset-mic'),
      'ringing, inbound': opened(undefined),
      'accepted, outbound': opened('headset-mic'),
      'accepted, inbound': opened('headset-mic'),
      over: invalid,
    },
  },
  {
    name: 'setOutputDevice',
    act: (call) => call.setOutputDevice('headset-ear'),
    results: {
      pending: sinkOf('headset-ear'),
      'ringing, outbound': sinkOf('headset-ear'),
      'ringing, inbound': sinkOf('headset-ear'),
      'accepted, outbound': sinkOf('headset-ear'),
      'accepted, inbound': sinkOf('headset-ear'),
      over: invalid,
    },
  },
];

describe.each(TABLE)('$name', ({ act, needsHelp, results }) => {
  it.each(STATES)('while %s', async (state) => {
    const { bench } = context;
    const situation = await REACH[state](bench);
    const expected = results[state];
    const before = situation.call.getStatus();
    // A method that throws counts like one that rejects.
    const run = () => Promise.resolve().then(() => act(situation.call));
    if (expected === invalid) {
      expect(await codeOf(run())).toBe(invalid);
      await settle();
      expect(situation.call.getStatus()).toBe(before);
      return;
    }
    const mustBeHelped = needsHelp === true && expected !== unchanged;
    await Promise.all([run(), mustBeHelped ? situation.help() : nothing()]);
    await settle();
    await expected(situation, bench);
  });
});

it('remembers the microphone that was chosen while the call rang', async () => {
  const { bench, device } = context;
  const { call, invite } = await bench.ring(device);
  await call.setInputDevice('headset-mic');
  await Promise.all([call.accept(), invite.answered()]);
  expect(bench.media.liveTracks.map(({ source }) => source.deviceId)).toEqual(['headset-mic']);
});

it.each([
  ['a call nobody answered', 'pending'],
  ['an inbound call', 'accepted, inbound'],
] as const)('says that %s is over once, whatever is called afterwards', async (_name, state) => {
  const { call, events } = await REACH[state](context.bench);
  await call.disconnect();
  await call.disconnect();
  call.reject();
  call.mute(true);
  await settle();
  expect(endOf(events)).toMatchObject({ initiator: 'local' });
  expectNothingHeld(context.bench);
});

describe('transition table', () => {
  const statuses = Object.keys(CALL_TRANSITIONS) as CallStatus[];
  const transitions: CallTransition[] = ['ring', 'accept', 'end', 'fail'];
  const legal: readonly string[] = [
    'pending ring ringing',
    'pending accept accepted',
    'pending end disconnected',
    'pending fail failed',
    'ringing accept accepted',
    'ringing end disconnected',
    'ringing fail failed',
    'accepted end disconnected',
  ];
  const cells = statuses.flatMap((status) => transitions.map((transition) => [status, transition] as const));

  it.each(cells)('%s + %s', (status, transition) => {
    const refused: string[] = [];
    const machine = new StateMachine(CALL_TRANSITIONS, status, (state, event) =>
      refused.push(`${state} ${event}`),
    );
    const expected = legal.find((row) => row.startsWith(`${status} ${transition} `))?.split(' ')[2];
    expect(machine.can(transition)).toBe(expected !== undefined);
    expect(machine.send(transition)?.to).toBe(expected);
    expect(machine.state).toBe(expected ?? status);
    expect(refused).toEqual(expected === undefined ? [`${status} ${transition}`] : []);
  });

  it('is over in the states that lead nowhere', () => {
    const ends = statuses.filter((status) => Object.keys(CALL_TRANSITIONS[status]).length === 0);
    expect(statuses.filter(isOver)).toEqual(ends);
    expect(ends).toEqual(['disconnected', 'failed']);
  });
});

it('goes from pending to accepted where nobody sends a provisional response', async () => {
  const { bench, device } = context;
  bench.server.auto.trying = false;
  const { call, invite } = await bench.dial(device);
  expect(call.getStatus()).toBe('pending');
  const events = recordEvents(call);
  bench.server.accept(invite, { body: sdpAnswer(invite.body) });
  await events.next('accepted');
  expect(events.names).toEqual(['accepted']);
  expect(call.getStatus()).toBe('accepted');
});

import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { FakePeerConnection } from '../../support/fake-peer-connection';
import { advance, agree, endOf, errorsOf, expectNothingHeld, fakeClock, useBench } from './bench';

const context = useBench();

const refusing = (): Promise<never> => Promise.reject(new DOMException('no more', 'OperationError'));
const throwing = (): never => {
  throw new DOMException('no more', 'InvalidAccessError');
};

/** Makes the next operation of that name on any connection fail, as a broken browser does. */
function failing(operation: 'createAnswer' | 'setLocalDescription' | 'addTrack', how = refusing): () => void {
  const { prototype } = FakePeerConnection;
  const original = Object.getOwnPropertyDescriptor(prototype, operation);
  if (!original) throw new Error(`No ${operation} to break`);
  Object.defineProperty(prototype, operation, {
    configurable: true,
    value: how,
  });
  return () => {
    Object.defineProperty(prototype, operation, original);
  };
}

describe('a browser that cannot answer', () => {
  it.each(['createAnswer', 'setLocalDescription'] as const)(
    'because of %s ends the call',
    async (operation) => {
      const { bench, device } = context;
      const { call, invite, events } = await bench.ring(device);
      const restore = failing(operation);
      try {
        expect(await codeOf(call.accept())).toBe('MEDIA_FAILED');
      } finally {
        restore();
      }
      await invite.response(500);
      expect(call.getStatus()).toBe('failed');
      expect(endOf(events)).toMatchObject({ reason: 'internal', initiator: 'local' });
      expect(errorsOf(events)).toEqual(['MEDIA_FAILED']);
      expectNothingHeld(bench);
      const next = await bench.ring(device);
      expect(next.call.getStatus()).toBe('ringing');
    },
  );
});

describe('a browser that comes to no offer', () => {
  it('without a word (JsSIP only logs it) is given up, and nothing is held', async () => {
    fakeClock();
    const { bench, device } = context;
    const restore = failing('addTrack', throwing);
    try {
      const code = codeOf(device.connect({ to: '100' }));
      await advance(9_900);
      expect(bench.media.liveTracks).toHaveLength(1);
      await advance(200);
      expect(await code).toBe('MEDIA_FAILED');
    } finally {
      restore();
    }
    expectNothingHeld(bench);
    expect(bench.server.requests('INVITE')).toHaveLength(0);
    const { call } = await bench.talk(device);
    expect(call.getStatus()).toBe('accepted');
  });

  it('is not mistaken for an agent who has not answered the prompt yet', async () => {
    fakeClock();
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const connecting = device.connect({ to: '100' });
    await advance(30_000);
    bench.media.prompts[0]?.grant();
    await connecting;
    await advance(30_000);
    expect(bench.server.requests('INVITE').length).toBeGreaterThan(0);
    expect(bench.media.liveTracks).toHaveLength(1);
  });
});

it('the raw session takes listeners that say what they expect, and those that do not', async () => {
  const { bench, device } = context;
  const { call, dialog, events } = await bench.talk(device);
  const seen: unknown[] = [];
  call.session.on('ended', ({ originator }: { originator: string }) => seen.push(originator));
  call.session.on('ended', (data) => seen.push(typeof data));
  await dialog.request('BYE').response(200);
  await events.next('disconnect');
  expect(seen).toEqual(['remote', 'object']);
});

describe('between our 200 and its ACK', () => {
  it('disconnect() is a hang-up: a BYE after the ACK, and no refusal', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    const accepting = codeOf(call.accept());
    await invite.response(200);
    await call.disconnect();
    expect(endOf(events)).toMatchObject({ reason: 'hangup', initiator: 'local' });
    expect(await accepting).toBe('INVALID_STATE');
    invite.ack();
    const bye = await invite.dialog().expect('BYE');
    expect(bye.header('Reason')).toBeUndefined();
    expectNothingHeld(bench);
  });

  it('destroy() sends the BYE at once: nobody will be here for the ACK', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    const accepting = codeOf(call.accept());
    await invite.response(200);
    device.destroy();
    await invite.dialog().expect('BYE');
    expect(await accepting).toBe('DESTROYED');
    expectNothingHeld(bench);
  });
});

it('a challenge that crosses the hang-up is not answered with a new INVITE', async () => {
  const { bench, device } = context;
  bench.server.auto.trying = false;
  const { call, invite } = await bench.dial(device);
  await call.disconnect();
  invite.reply(407, { headers: ['Proxy-Authenticate: Digest realm="pbx.test", nonce="n", qop="auth"'] });
  await settle();
  expect(bench.server.requests('ACK')).toHaveLength(1);
  expect(bench.server.requests('INVITE')).toHaveLength(1);
});

describe('gathering that brings nothing', () => {
  const nothing = { host: 'never', tcp: 'never', srflx: 'never', relay: 'never', complete: 'never' } as const;

  it('holds an outbound call back for 3 s at most', async () => {
    const { bench, device } = context;
    FakePeerConnection.gathering = nothing;
    fakeClock();
    const calling = device.connect({ to: 'bob' });
    await advance(2900);
    expect(bench.server.requests('INVITE')).toHaveLength(0);
    await advance(200);
    expect((await calling).getStatus()).toBe('pending');
    expect(bench.server.requests('INVITE')).toHaveLength(1);
  });

  it('holds an answer back for 3 s at most', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    FakePeerConnection.gathering = nothing;
    fakeClock();
    const accepting = call.accept();
    await advance(3100);
    await invite.response(200);
    invite.ack();
    await accepting;
    expect(call.getStatus()).toBe('accepted');
  });

  it('is not waited for by a hold', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expect(call.isOnHold()).toBe(true);
  });
});

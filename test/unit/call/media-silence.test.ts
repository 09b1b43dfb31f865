import { describe, expect, it } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import { advance, fakeClock, useBench } from './bench';
import { audioInto, talkWithAudio } from './media-bench';

const context = useBench();
const connection = () => context.bench.webRtc.connection;
const hint = () => globalThis.dispatchEvent(new Event('online'));
/** A far end that takes UPDATE, so that it can be asked without a re-INVITE. */
async function silentTalk(packets: number) {
  fakeClock();
  const { bench, device } = context;
  bench.server.auto.ok.add('UPDATE');
  const { call, invite, events } = await bench.ring(device);
  await Promise.all([invite.answered(), call.accept()]);
  await settle();
  audioInto(bench, packets).isFlowing = false;
  return { call, events };
}

describe('a far end that sends nothing while it is silent (silence suppression)', () => {
  it('is left alone at a change of the network when it has never sent anything', async () => {
    const { events } = await silentTalk(0);
    await advance(2_100);
    hint();
    await advance(20_000);
    expect(events.names).toEqual(['accepted']);
  });

  it('is left alone when it was silent before the change', async () => {
    const { events } = await silentTalk(7);
    await advance(9_000);
    hint();
    await advance(20_000);
    expect(events.names).toEqual(['accepted']);
  });

  it('is left alone in its pauses once it has made some', async () => {
    const { rtp, events } = await talkWithAudio(context);
    for (let pause = 1; pause <= 3; pause += 1) {
      if (pause === 3) hint();
      rtp.isFlowing = false;
      await advance(4_100);
      rtp.isFlowing = true;
      await advance(2_100);
    }
    expect(events.names).toEqual(['accepted']);
  });

  it('gets a new path all the same when the browser says that this one is gone', async () => {
    const { events } = await silentTalk(0);
    await advance(2_100);
    hint();
    await advance(1_000);
    connection().setConnectionState('disconnected');
    await advance(10);
    await settle();
    expect(events.of('reconnecting')).toEqual([[{ cause: 'media' }]]);
    expect(context.bench.server.requests('INVITE')).toHaveLength(1);
  });

  it('is watched again as soon as it speaks', async () => {
    const { rtp, events } = await talkWithAudio(context);
    rtp.isFlowing = false;
    await advance(9_000);
    rtp.isFlowing = true;
    await advance(2_100);
    rtp.isFlowing = false;
    hint();
    await advance(1_600);
    expect(events.of('reconnecting')).toEqual([[{ cause: 'media' }]]);
  });
});

describe('a far end that is neither heard nor there (480)', () => {
  async function absent() {
    fakeClock();
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    bench.server.accept(invite, {
      body: sdpAnswer(invite.body),
      headers: ['Allow: INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS'],
    });
    await events.next('accepted');
    await settle();
    const rtp = audioInto(bench, 1);
    await advance(10_000);
    rtp.isFlowing = false;
    const answerFor = async (ms: number, status: number) => {
      for (let passed = 0; passed < ms; passed += 500) {
        await advance(500);
        for (const update of bench.server.requests('UPDATE'))
          if (update.finalStatus === undefined) update.reply(status);
      }
    };
    return { call, events, rtp, answerFor };
  }

  it('has 30 s to come back, when it was heard until just now', async () => {
    const { call, answerFor } = await absent();
    await answerFor(28_000, 480);
    expect(call.getStatus()).toBe('accepted');
    await answerFor(2_000, 200);
    await answerFor(20_000, 200);
    expect(call.getStatus()).toBe('accepted');
  });

  it('is given up after that, with the status', async () => {
    const { events, answerFor } = await absent();
    await answerFor(37_000, 480);
    expect(events.of('disconnect')).toMatchObject([[{ reason: 'remote', code: 480 }]]);
  });

  it('is believed in as soon as it is heard', async () => {
    const { call, rtp, answerFor } = await absent();
    await answerFor(20_000, 480);
    rtp.isFlowing = true;
    await answerFor(60_000, 480);
    expect(call.getStatus()).toBe('accepted');
  });

  it('and then says that it does not know the call (481) ends it at once', async () => {
    const { events, answerFor } = await absent();
    await answerFor(6_000, 480);
    await answerFor(5_000, 481);
    expect(events.of('disconnect')).toMatchObject([[{ reason: 'remote', code: 481 }]]);
  });
});

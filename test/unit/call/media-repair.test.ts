import { expect, it, vi } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { advance, fakeClock, useBench } from './bench';

const context = useBench();
const connection = () => context.bench.webRtc.connection;

async function talk() {
  fakeClock();
  const talking = await context.bench.talk(context.device);
  await settle();
  let packets = 1;
  const rtp = { isFlowing: true };
  vi.spyOn(connection(), 'getStats').mockImplementation(() => {
    if (rtp.isFlowing) packets += 25;
    const inbound = { id: 'I', type: 'inbound-rtp', kind: 'audio', packetsReceived: packets };
    return Promise.resolve(new Map<string, unknown>([['I', inbound]]));
  });
  await advance(2_100);
  return { ...talking, rtp };
}

async function offersIn30s(breaks: number): Promise<number> {
  const { dialog, rtp } = await talk();
  for (let turn = 0; turn < breaks; turn += 1) {
    rtp.isFlowing = false;
    connection().setConnectionState('failed');
    await advance(100);
    if (turn === breaks - 1) break;
    connection().setConnectionState('connected');
    rtp.isFlowing = true;
    await advance(1_100);
  }
  const offers = () => context.bench.server.requests('INVITE').filter((request) => dialog.owns(request));
  const before = offers().length;
  for (let step = 0; step < 300; step += 1) {
    for (const offer of offers()) if (offer.finalStatus === undefined) offer.reply(500);
    await advance(100);
  }
  return offers().length - before;
}

it('a path that breaks again while its repair is under way is repaired by one loop', async () => {
  const many = await offersIn30s(4);
  expect(many).toBeLessThanOrEqual(7);
});

it('reference: breaks once', async () => {
  expect(await offersIn30s(1)).toBeLessThanOrEqual(7);
});

import { beforeEach, expect, it, vi } from 'vitest';
import { advance, useBench } from './bench';
import { talkWithAudio } from './media-bench';

const context = useBench();
const connection = () => context.bench.webRtc.connection;

const talk = () => talkWithAudio(context);

// How many offers there are in a time depends on what is drawn for the time between them: here always the same.
beforeEach(() => {
  let drawn = 1;
  vi.spyOn(Math, 'random').mockImplementation(() => {
    drawn = (drawn * 16_807) % 2_147_483_647;
    return drawn / 2_147_483_647;
  });
});

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

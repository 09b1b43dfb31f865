import { vi } from 'vitest';
import type { Device } from '../../../src/index';
import type { AgentBench } from '../../support/agent';
import { settle } from '../../support/wire/next-task';
import { advance, fakeClock } from './bench';

/** A talk with a fake clock, and packets that come in until told otherwise. */
export async function talkWithAudio({ bench, device }: { bench: AgentBench; device: Device }) {
  fakeClock();
  const talking = await bench.talk(device);
  await settle();
  const rtp = audioInto(bench, 1);
  await advance(2_100);
  return { ...talking, rtp };
}

/** Packets of the far end: so many so far, and more at each look while `isFlowing`. */
export function audioInto({ webRtc }: AgentBench, packets: number) {
  const rtp = { isFlowing: true, packets };
  vi.spyOn(webRtc.connection, 'getStats').mockImplementation(() => {
    if (rtp.isFlowing) rtp.packets += 25;
    const inbound = { id: 'I', type: 'inbound-rtp', kind: 'audio', packetsReceived: rtp.packets };
    return Promise.resolve(new Map<string, unknown>([['I', inbound]]));
  });
  return rtp;
}

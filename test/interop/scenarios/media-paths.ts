/** The ways that audio between two agents can take. */
import { expect } from 'vitest';
import type { Phone } from '../../support/phone';
import { MIXED, scenario } from '../support/scenario';
import { hearEachOther, talking } from '../support/talking';

interface Path {
  /** Candidate types of the pair in use, local before remote: `host`, `relay`... */
  readonly types: readonly string[];
  readonly remotePort: number;
}

/** What ICE has chosen. */
function pathOf(phone: Phone, call: number): Promise<Path> {
  return phone.page.evaluate(async (index) => {
    const report = await window.sdkPhone.calls[index]?.session.connection?.getStats();
    const all = [...(report ?? new Map<string, RTCStats>()).values()] as Record<string, unknown>[];
    const pair = all.find(({ type, nominated, state }) => {
      return type === 'candidate-pair' && nominated === true && state === 'succeeded';
    });
    const ends = ['localCandidateId', 'remoteCandidateId'].map((key) =>
      all.find(({ id }) => id === pair?.[key]),
    );
    return {
      types: ends.map((end) => String(end?.['candidateType'])),
      remotePort: Number(ends[1]?.['port']),
    };
  }, call);
}

scenario(
  'audio between agents through the media relay of the server',
  { browsers: MIXED, notIn: { sandbox: 'has no media relay' } },
  async (lab) => {
    const apiBaseUrl = lab.world.relayingApiBaseUrl ?? '';
    const call = await talking(lab, { device: { apiBaseUrl } });
    const figure = await hearEachOther(call);
    const [atA, atB] = [await pathOf(call.a.phone, call.out), await pathOf(call.b.phone, call.into)];
    // RTPengine's ports, not those of a browser.
    for (const { remotePort } of [atA, atB]) {
      expect(remotePort).toBeGreaterThanOrEqual(lab.world.relayPorts?.from ?? Infinity);
      expect(remotePort).toBeLessThanOrEqual(lab.world.relayPorts?.to ?? 0);
    }
    await call.a.phone.do(call.out, 'disconnect');
    return `setup ${call.setupMs} ms, ${figure}, by port ${atA.remotePort} and ${atB.remotePort}`;
  },
);

scenario(
  'audio between agents through TURN only',
  { browsers: MIXED, notIn: { sandbox: 'has no TURN server' } },
  async (lab) => {
    const call = await talking(lab, { device: { iceTransportPolicy: 'relay' } });
    const figure = await hearEachOther(call);
    const { types } = await pathOf(call.a.phone, call.out);
    expect(types[0]).toBe('relay');
    await call.a.phone.do(call.out, 'disconnect');
    return `setup ${call.setupMs} ms, ${figure}, by ${types.join(' to ')}`;
  },
);

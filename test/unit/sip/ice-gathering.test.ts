import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectedKinds, gathered, GatheringRound } from '../../../src/sip/ice-gathering';
import { FakePeerConnection, type FakeWebRtc, installFakeWebRtc } from '../../support/fake-peer-connection';
import { MicrophoneTrack } from '../../support/wire/raw-agent';

const candidate = (type: string | null, protocol: string | null = 'udp') =>
  ({
    candidate: `candidate:1 1 udp 1 192.0.2.1 5 typ ${type ?? 'srflx'}`,
    type,
    protocol,
  }) as RTCIceCandidate;

let webRtc: FakeWebRtc;

beforeEach(() => {
  webRtc = installFakeWebRtc();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  webRtc.restore();
  vi.useRealTimers();
});

describe('the kinds worth waiting for', () => {
  it.each([
    [[], 'all', ['host']],
    [['stun:a'], 'all', ['host', 'srflx']],
    [['stuns:a'], 'all', ['host', 'srflx']],
    [['turn:a'], 'all', ['host', 'relay']],
    [['TURNS:a?transport=tcp', 'stun:b'], 'all', ['host', 'relay', 'srflx']],
    [['turn:a', 'stun:b'], 'relay', ['relay']],
    [[], 'relay', []],
  ] as const)('of %j with policy %s are %j', (urls, policy, kinds) => {
    expect(
      [...expectedKinds({ iceServers: [{ urls: [...urls] }], iceTransportPolicy: policy })].sort(),
    ).toEqual([...kinds].sort());
  });

  it('reads a lone URL as well', () => {
    expect([...expectedKinds({ iceServers: [{ urls: 'turn:a' }] })]).toEqual(['host', 'relay']);
  });
});

describe('a round', () => {
  const startRound = (configuration: RTCConfiguration) => {
    const ready = vi.fn();
    return { ready, round: new GatheringRound(expectedKinds(configuration), ready) };
  };

  it('of relay alone waits for nothing else', () => {
    const { ready, round } = startRound({ iceServers: [{ urls: 'turn:a' }], iceTransportPolicy: 'relay' });
    round.add(candidate('relay'));
    vi.advanceTimersByTime(4);
    expect(ready).toHaveBeenCalledOnce();
  });

  it('settles anew with each candidate, and is ready once', () => {
    const { ready, round } = startRound({});
    round.add(candidate('host'));
    vi.advanceTimersByTime(3);
    round.add(candidate('host'));
    vi.advanceTimersByTime(3);
    expect(ready).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ready).toHaveBeenCalledOnce();
    round.add(candidate('host'));
    vi.advanceTimersByTime(1_000);
    expect(ready).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of endless candidates ends at the cap', () => {
    const { ready, round } = startRound({});
    for (let atMs = 0; atMs < 402; atMs += 3) {
      round.add(candidate('host'));
      vi.advanceTimersByTime(3);
    }
    expect(ready).toHaveBeenCalledOnce();
  });

  it('takes a TCP candidate neither for a UDP one nor for a reason to wait', () => {
    const { ready, round } = startRound({});
    round.add(candidate('host', 'tcp'));
    vi.advanceTimersByTime(10);
    expect(ready).not.toHaveBeenCalled();
    round.add(candidate('host'));
    vi.advanceTimersByTime(3);
    round.add(candidate('host', 'tcp'));
    vi.advanceTimersByTime(1);
    expect(ready).toHaveBeenCalledOnce();
  });

  it('of nothing but TCP ends at the cap', () => {
    const { ready, round } = startRound({});
    round.add(candidate('host', 'tcp'));
    vi.advanceTimersByTime(399);
    expect(ready).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ready).toHaveBeenCalledOnce();
  });

  it('reads the line where the browser leaves the attributes empty', () => {
    const { ready, round } = startRound({ iceServers: [{ urls: 'stun:a' }] });
    round.add(candidate('host'));
    round.add(candidate(null, null));
    vi.advanceTimersByTime(4);
    expect(ready).toHaveBeenCalledOnce();
  });

  it('that is cancelled is never ready', () => {
    const { ready, round } = startRound({});
    round.add(candidate('host'));
    round.cancel();
    vi.advanceTimersByTime(1_000);
    expect(ready).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a local description', () => {
  async function offering(): Promise<FakePeerConnection> {
    FakePeerConnection.gathering = { host: 2, complete: 'never' };
    const connection = new FakePeerConnection();
    connection.addTrack(new MicrophoneTrack());
    await connection.setLocalDescription();
    return connection;
  }

  it('is worth sending after the first candidates settled, and leaves no listener', async () => {
    const connection = await offering();
    const done = vi.fn();
    const listeners = connection.listenerCount();
    void gathered(
      connection as unknown as RTCPeerConnection,
      expectedKinds({}),
      new AbortController().signal,
    ).then(done);
    await vi.advanceTimersByTimeAsync(5);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledOnce();
    expect(connection.listenerCount()).toBe(listeners);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with the reason of the signal', async () => {
    const connection = await offering();
    const ending = new AbortController();
    const waiting = gathered(connection as unknown as RTCPeerConnection, expectedKinds({}), ending.signal);
    ending.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    await expect(
      gathered(connection as unknown as RTCPeerConnection, expectedKinds({}), ending.signal),
    ).rejects.toThrow('over');
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeWebRtc, FakePeerConnection, installFakeWebRtc } from '../../support/fake-peer-connection';
import { settle } from '../../support/wire/next-task';
import { MicrophoneTrack } from '../../support/wire/raw-agent';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';

let webRtc: FakeWebRtc;

beforeEach(() => {
  webRtc = installFakeWebRtc();
});

afterEach(() => {
  vi.useRealTimers();
  webRtc.restore();
});

async function offering(
  configuration: RTCConfiguration = {},
): Promise<{ pc: FakePeerConnection; offer: string }> {
  const pc = new FakePeerConnection(configuration);
  pc.addTrack(new MicrophoneTrack());
  await pc.setLocalDescription(await pc.createOffer());
  return { pc, offer: pc.localDescription?.sdp ?? '' };
}

async function connected(answer: Parameters<typeof sdpAnswer>[1] = {}): Promise<FakePeerConnection> {
  const { pc, offer } = await offering();
  await pc.setRemoteDescription({ type: 'answer', sdp: sdpAnswer(offer, answer) });
  await settle();
  return pc;
}

function transceiverOf(pc: FakePeerConnection) {
  const [transceiver] = pc.getTransceivers();
  if (!transceiver) throw new Error('No transceiver');
  return transceiver;
}

describe('negotiation', () => {
  it.each([
    ['sendrecv', 'sendrecv', 'sendrecv'],
    ['sendrecv', 'recvonly', 'sendonly'],
    ['sendrecv', 'sendonly', 'recvonly'],
    ['sendonly', 'recvonly', 'sendonly'],
    ['sendrecv', 'inactive', 'inactive'],
  ] as const)('offers %s, is answered %s, ends up %s', async (direction, answered, current) => {
    const pc = new FakePeerConnection();
    pc.addTransceiver(new MicrophoneTrack(), { direction });
    await pc.setLocalDescription();
    const offer = pc.localDescription?.sdp ?? '';
    expect(sdpDirection(offer)).toBe(direction);
    await pc.setRemoteDescription({ type: 'answer', sdp: sdpAnswer(offer, { direction: answered }) });
    expect(transceiverOf(pc).currentDirection).toBe(current);
    expect(pc.signalingState).toBe('stable');
  });

  it.each([
    ['sendrecv', 'sendrecv'],
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
  ] as const)('answers an offer of %s with %s', async (offered, answered) => {
    const pc = new FakePeerConnection();
    pc.addTrack(new MicrophoneTrack());
    await pc.setRemoteDescription({ type: 'offer', sdp: sdpOffer({ direction: offered }) });
    await pc.setLocalDescription(await pc.createAnswer());
    expect(sdpDirection(pc.localDescription?.sdp ?? '')).toBe(answered);
    expect(transceiverOf(pc).currentDirection).toBe(answered);
  });

  it('answers only what was offered, with its payload numbers', async () => {
    const pc = new FakePeerConnection();
    pc.addTrack(new MicrophoneTrack());
    await pc.setRemoteDescription({
      type: 'offer',
      sdp: sdpOffer({ codecs: ['PCMA'], telephoneEvent: false }),
    });
    const { sdp } = await pc.createAnswer();
    expect([...sdp.matchAll(/^a=rtpmap:(.*?)\r/gm)].map(([, rtpmap]) => rtpmap)).toEqual(['8 PCMA/8000']);
  });

  it('refuses what the state does not allow', async () => {
    const pc = await connected();
    const answer = { type: 'answer', sdp: sdpOffer() } as const;
    await expect(pc.setRemoteDescription(answer)).rejects.toMatchObject({ name: 'InvalidStateError' });
    await expect(pc.createAnswer()).rejects.toMatchObject({ name: 'InvalidStateError' });
    await expect(pc.setLocalDescription({ type: 'rollback' })).rejects.toMatchObject({
      name: 'InvalidStateError',
    });
    await pc.setRemoteDescription({ type: 'offer', sdp: sdpOffer() });
    const offer = { type: 'offer', sdp: sdpOffer() } as const;
    await expect(pc.setLocalDescription(offer)).rejects.toMatchObject({ name: 'InvalidStateError' });
  });

  it('refuses an edited offer, an answer of another shape and one without a fingerprint', async () => {
    const pc = new FakePeerConnection();
    pc.addTrack(new MicrophoneTrack());
    const { sdp } = await pc.createOffer();
    const edited = { type: 'offer', sdp: sdp.replace('sendrecv', 'sendonly') } as const;
    await expect(pc.setLocalDescription(edited)).rejects.toMatchObject({ name: 'InvalidModificationError' });
    await pc.setLocalDescription({ type: 'offer', sdp });
    const wide = sdpAnswer(sdp).replace(/^m=audio/m, 'm=video 0 UDP/TLS/RTP/SAVPF 96\r\nm=audio');
    const bare = sdpAnswer(sdp).replace(/^a=fingerprint.*\r\n/m, '');
    await expect(pc.setRemoteDescription({ type: 'answer', sdp: wide })).rejects.toMatchObject({
      name: 'InvalidAccessError',
    });
    await expect(pc.setRemoteDescription({ type: 'answer', sdp: bare })).rejects.toMatchObject({
      name: 'OperationError',
    });
    expect(pc.signalingState).toBe('have-local-offer');
  });

  it('rolls an offer back to what was agreed before', async () => {
    const pc = await connected();
    const agreed = pc.localDescription?.sdp;
    transceiverOf(pc).direction = 'sendonly';
    await pc.setLocalDescription();
    expect(pc.localDescription?.sdp).not.toBe(agreed);
    await pc.setLocalDescription({ type: 'rollback' });
    expect([pc.signalingState, pc.localDescription?.sdp]).toEqual(['stable', agreed]);
    expect(transceiverOf(pc).currentDirection).toBe('sendrecv');
  });

  it('rolls its own offer back for one of the far end', async () => {
    const pc = await connected();
    const states: string[] = [];
    await pc.setLocalDescription();
    pc.onsignalingstatechange = () => states.push(pc.signalingState);
    await pc.setRemoteDescription({ type: 'offer', sdp: sdpOffer({ version: 2 }) });
    expect(states).toEqual(['stable', 'have-remote-offer']);
    expect(pc.pendingLocalDescription).toBeNull();
  });

  it('removes on rollback the transceiver that a remote offer brought', async () => {
    const pc = new FakePeerConnection();
    await pc.setRemoteDescription({ type: 'offer', sdp: sdpOffer() });
    expect(pc.getTransceivers()).toHaveLength(1);
    await pc.setRemoteDescription({ type: 'rollback' });
    expect(pc.getTransceivers()).toHaveLength(0);
  });
});

describe('tracks', () => {
  it('announces the remote track once, with its stream, muted until connected', async () => {
    const { pc, offer } = await offering();
    const seen: { track: { muted: boolean }; streams: { id: string }[] }[] = [];
    pc.addEventListener('track', (event) => seen.push(event as unknown as (typeof seen)[number]));
    await pc.setRemoteDescription({ type: 'answer', sdp: sdpAnswer(offer) });
    expect(seen.map(({ track, streams }) => [track.muted, streams[0]?.id])).toEqual([
      [true, 'customer-stream'],
    ]);
    await settle();
    expect(pc.connectionState).toBe('connected');
    expect(seen[0]?.track.muted).toBe(false);
    await pc.setRemoteDescription({ type: 'offer', sdp: sdpOffer({ direction: 'recvonly', version: 2 }) });
    expect(seen[0]?.track.muted).toBe(true);
    expect(seen).toHaveLength(1);
  });

  it('replaces a track without negotiation, and not by one of another kind', async () => {
    const pc = await connected();
    const { sender } = transceiverOf(pc);
    const headset = new MicrophoneTrack('headset');
    await sender.replaceTrack(headset);
    expect([sender.track, pc.signalingState]).toEqual([headset, 'stable']);
    const camera = { id: 'camera', kind: 'video', enabled: true, readyState: 'live' };
    await expect(sender.replaceTrack(camera)).rejects.toThrow(TypeError);
    pc.close();
    await expect(sender.replaceTrack(headset)).rejects.toMatchObject({ name: 'InvalidStateError' });
  });
});

describe('gathering', () => {
  const iceServers = [{ urls: ['stun:stun.test', 'turn:turn.test'], username: 'u', credential: 'c' }];

  it('finds what the servers can give, when the script says', async () => {
    vi.useFakeTimers();
    FakePeerConnection.gathering = { srflx: 80, relay: 200, complete: 'never' };
    const { pc } = await offering({ iceServers });
    const types: (string | null | undefined)[] = [];
    pc.addEventListener('icecandidate', (event) => {
      types.push((event as unknown as { candidate: RTCIceCandidate | null }).candidate?.type);
    });
    await vi.advanceTimersByTimeAsync(79);
    expect(types).toEqual(['host']);
    await vi.advanceTimersByTimeAsync(121);
    expect(types).toEqual(['host', 'srflx', 'relay']);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(pc.iceGatheringState).toBe('gathering');
    expect(pc.localDescription?.sdp.match(/^a=candidate/gm)).toHaveLength(3);
  });

  it('gives no server candidates without servers, and only relayed ones when told so', async () => {
    const plain = await offering();
    const relayed = await offering({ iceServers, iceTransportPolicy: 'relay' });
    await settle();
    expect(plain.pc.localDescription?.sdp.match(/typ \w+/g)).toEqual(['typ host']);
    expect(relayed.pc.localDescription?.sdp.match(/typ \w+/g)).toEqual(['typ relay']);
    expect(plain.pc.iceGatheringState).toBe('complete');
    expect(plain.pc.localDescription?.sdp).toContain('a=end-of-candidates');
  });

  it('starts again with new credentials on an ICE restart only', async () => {
    const pc = await connected();
    const ufrag = () => /^a=ice-ufrag:(.*)\r/m.exec(pc.localDescription?.sdp ?? '')?.[1];
    const before = ufrag();
    const states: string[] = [];
    pc.onicegatheringstatechange = () => states.push(pc.iceGatheringState);
    await pc.setLocalDescription(await pc.createOffer());
    await settle();
    expect([ufrag(), states]).toEqual([before, []]);
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
    await settle();
    expect(ufrag()).not.toBe(before);
    expect(states).toEqual(['gathering', 'complete']);
  });
});

describe('DTMF', () => {
  it('plays tones in order, in time, and says so', async () => {
    const pc = await connected();
    const { dtmf } = transceiverOf(pc).sender;
    vi.useFakeTimers();
    const tones: string[] = [];
    dtmf?.addEventListener('tonechange', (event) => tones.push((event as unknown as { tone: string }).tone));
    dtmf?.insertDTMF('1,a', 100, 70);
    await vi.advanceTimersByTimeAsync(0);
    expect([tones, dtmf?.toneBuffer]).toEqual([['1'], ',A']);
    await vi.advanceTimersByTimeAsync(170 + 1999);
    expect(tones).toEqual(['1', ',']);
    await vi.advanceTimersByTimeAsync(1 + 170);
    expect(tones).toEqual(['1', ',', 'A', '']);
    expect(dtmf?.played.map(({ tone }) => tone)).toEqual(['1', 'A']);
  });

  it.each([
    ['without telephone-event', { telephoneEvent: false }],
    ['while the far end does not receive', { direction: 'sendonly' }],
  ] as const)('cannot be sent %s', async (_when, answer) => {
    const { dtmf } = transceiverOf(await connected(answer)).sender;
    expect(dtmf?.canInsertDTMF).toBe(false);
    expect(() => dtmf?.insertDTMF('1')).toThrow(DOMException);
  });

  it('cannot be sent before the connection is up, nor after it is closed', async () => {
    FakePeerConnection.connects = false;
    const pc = await connected();
    const { dtmf } = transceiverOf(pc).sender;
    expect(dtmf?.canInsertDTMF).toBe(false);
    pc.setConnectionState('connected');
    expect(dtmf?.canInsertDTMF).toBe(true);
    expect(() => dtmf?.insertDTMF('x')).toThrow(expect.objectContaining({ name: 'InvalidCharacterError' }));
    pc.close();
    expect(dtmf?.canInsertDTMF).toBe(false);
  });
});

describe('closing', () => {
  it('stops everything, settles nothing that was under way and leaves no connection alive', async () => {
    const pc = await connected();
    const settled = vi.fn();
    pc.createOffer().then(settled, settled);
    expect(webRtc.live).toBe(1);
    pc.close();
    await settle();
    expect(settled).not.toHaveBeenCalled();
    expect([webRtc.live, pc.connectionState, pc.getReceivers()[0]?.track.readyState]).toEqual([
      0,
      'closed',
      'ended',
    ]);
    await expect(pc.createOffer()).rejects.toMatchObject({ name: 'InvalidStateError' });
  });

  it('takes the globals away again', () => {
    expect(window.RTCPeerConnection).toBe(FakePeerConnection);
    webRtc.restore();
    expect(typeof window).toBe('undefined');
    webRtc = installFakeWebRtc();
  });
});

import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { leaderAndFollower, nextCall, tabs, useTabs } from './harness';
import { bench, pass, SECOND } from '../registration/harness';

useTabs();

const processing = () => bench.media.liveTracks[0]?.getSettings();

describe('what is chosen in a tab that does not carry the calls', () => {
  it('reaches the tab that does: processing, ringtone devices, the volume of a call', async () => {
    const { leader, follower } = await leaderAndFollower();
    const shared = nextCall(leader, 'callShared');
    const call = await tabs.in('follower', () => follower.device.connect({ to: '100' }));
    const carried = await shared;
    await tabs.in('follower', () => follower.device.audio.setInputProcessing({ noiseSuppression: false }));
    expect(processing()).toMatchObject({ noiseSuppression: false, echoCancellation: true });
    tabs.in('follower', () => {
      call.setVolume(0.5);
    });
    await pass(SECOND);
    expect([call.getVolume(), carried.getVolume()]).toEqual([0.5, 0.5]);
    await tabs.in('follower', () => follower.device.audio.setRingtoneDevices(['headset-ear']));
    await tabs.in('follower', () => call.disconnect());
    await settle();
  });

  it('and is nonsense is refused here', async () => {
    const { follower } = await leaderAndFollower();
    const { audio } = follower.device;
    expect(await tabs.in('follower', () => codeOf(audio.setRingtoneDevices([7] as never)))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(await tabs.in('follower', () => codeOf(audio.setInputProcessing(7 as never)))).toBe(
      'INVALID_ARGUMENT',
    );
  });
});

it('a lost microphone is told in every tab that shows the call', async () => {
  const { leader, follower } = await leaderAndFollower();
  bench.media.permit();
  await tabs.in('leader', () => leader.device.setInputDevice('headset-mic'));
  const shared = nextCall(follower, 'callShared');
  await tabs.in('leader', () => leader.device.connect({ to: '100' }));
  const lost = new Promise((resolve) => {
    void shared.then((call) => call.once('deviceLost', resolve));
  });
  await pass(SECOND);
  bench.media.unplug('headset-mic');
  await pass(SECOND);
  expect(await lost).toMatchObject({
    kind: 'audioinput',
    device: { deviceId: 'headset-mic' },
    replacement: { deviceId: 'desk-mic' },
  });
});

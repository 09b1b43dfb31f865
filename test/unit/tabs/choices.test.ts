import { describe, expect, it } from 'vitest';
import { readView } from '../../../src/device/shared-protocol';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { bench, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, register, registeredTab, type Tab, tabs, useTabs } from './harness';

const HEADSET_MIC = {
  deviceId: 'headset-mic',
  kind: 'audioinput',
  label: 'Headset',
  groupId: 'headset',
} as const;
const VIEW = { registration: 'registered', attempt: 0, isWanted: true, instanceId: 'x', calls: [] };
const LONG = 'x'.repeat(5_000);

describe('what was chosen', () => {
  useTabs();

  /** The tab that leads is closed, and the other one carries the next call. */
  async function takenOver(leader: Tab, follower: Tab): Promise<void> {
    leader.device.destroy();
    await follower.events.next('reconnected');
    await tabs.in(follower.name, () => bench.talk(follower.device));
    await settle(4);
  }
  const microphone = () => {
    const [track] = bench.media.liveTracks;
    return { ...track?.getSettings() };
  };
  const speakers = () =>
    bench.media.outputElements.filter(({ srcObject }) => srcObject !== null).map(({ sinkId }) => sinkId);

  it('in the tab that leads holds in the one that takes over', async () => {
    const { leader, follower } = await leaderAndFollower();
    bench.media.permit();
    await tabs.in('leader', () => leader.device.setInputDevice('headset-mic'));
    await tabs.in('leader', () => leader.device.setOutputDevice('headset-ear'));
    await tabs.in('leader', () => leader.device.audio.setInputProcessing({ noiseSuppression: false }));
    await settle(4);
    expect(follower.device.audio.inputDeviceId).toBe('headset-mic');
    expect(follower.device.audio.outputDeviceId).toBe('headset-ear');
    await takenOver(leader, follower);
    expect(microphone()).toMatchObject({
      deviceId: 'headset-mic',
      noiseSuppression: false,
      echoCancellation: true,
    });
    expect(speakers()).toEqual(['headset-ear']);
  });

  it('for the ringtone rings in the tab that takes over', async () => {
    const options = { ringtoneUrl: 'ring.mp3' };
    const leader = await registeredTab('leader', options);
    const follower = await registeredTab('follower', options);
    bench.media.permit();
    await pass(0);
    await tabs.in('leader', () => leader.device.audio.setRingtoneDevices(['desk-speaker', 'headset-ear']));
    await settle(4);
    leader.device.destroy();
    await follower.events.next('reconnected');
    await tabs.in('follower', () => bench.ring(follower.device));
    await settle(8);
    const ringing = bench.media.outputElements.filter(({ isAudible }) => isAudible);
    expect(ringing.map(({ sinkId }) => sinkId).sort()).toEqual(['desk-speaker', 'headset-ear']);
  });

  it('before a tab joined holds there as well, and in the one after it', async () => {
    const leader = await registeredTab('leader');
    bench.media.permit();
    await tabs.in('leader', () => leader.device.setInputDevice('headset-mic'));
    const second = await registeredTab('second');
    await settle(4);
    leader.device.destroy();
    await second.events.next('reconnected');
    const third = await registeredTab('third');
    await settle(4);
    await takenOver(second, third);
    expect(microphone()).toMatchObject({ deviceId: 'headset-mic' });
  });

  it('and is not there when the other tab takes over is taken when it comes', async () => {
    const { leader, follower } = await leaderAndFollower();
    bench.media.permit();
    await tabs.in('leader', () => leader.device.setInputDevice('headset-mic'));
    await settle(4);
    bench.media.unplug('headset-mic');
    await pass(SECOND);
    await takenOver(leader, follower);
    expect(microphone()).toMatchObject({ deviceId: 'desk-mic' });
    expect(follower.device.audio.inputDeviceId).toBe('');
    bench.media.plug(HEADSET_MIC);
    await pass(SECOND);
    expect(microphone()).toMatchObject({ deviceId: 'headset-mic' });
  });

  it('last counts, in whichever tab', async () => {
    const { leader, follower } = await leaderAndFollower();
    bench.media.permit();
    await tabs.in('leader', () => leader.device.setInputDevice('headset-mic'));
    await settle(4);
    await tabs.in('follower', () => follower.device.setInputDevice('desk-mic'));
    await pass(6 * SECOND);
    expect([leader.device, follower.device].map(({ audio }) => audio.inputDeviceId)).toEqual([
      'desk-mic',
      'desk-mic',
    ]);
    await takenOver(leader, follower);
    expect(microphone()).toMatchObject({ deviceId: 'desk-mic' });
  });

  it('and that the tab that carries the calls cannot follow holds in none', async () => {
    const { leader, follower } = await leaderAndFollower();
    bench.media.permit();
    await tabs.in('leader', () => leader.device.setInputDevice('desk-mic'));
    await tabs.in('leader', () => bench.talk(leader.device));
    bench.media.refuseNext('NotReadableError');
    const code = await tabs.in('follower', () => codeOf(follower.device.setInputDevice('headset-mic')));
    expect(code).toBe('MICROPHONE_BUSY');
    await pass(6 * SECOND);
    expect([leader.device, follower.device].map(({ audio }) => audio.inputDeviceId)).toEqual([
      'desk-mic',
      'desk-mic',
    ]);
  });

  it('while a tab led is given up for what the next one says, also where it said so before', async () => {
    const { leader, follower } = await leaderAndFollower();
    bench.media.permit();
    await tabs.in('leader', () => leader.device.setInputDevice('headset-mic'));
    await settle(4);
    tabs.steal();
    await pass(6 * SECOND);
    expect(follower.device.isLeader()).toBe(true);
    await tabs.in('follower', () => follower.device.setInputDevice('desk-mic'));
    await pass(6 * SECOND);
    expect(leader.device.audio.inputDeviceId).toBe('desk-mic');
  });

  it('before the tabs were joined stays where the tab that leads has no choice', async () => {
    const leader = await registeredTab('leader');
    const device = tabs.in('follower', () => bench.device({ multiTab: true }));
    bench.media.permit();
    await tabs.in('follower', () => device.setInputDevice('headset-mic'));
    await tabs.in('follower', () => device.register());
    await pass(6 * SECOND);
    expect(device.audio.inputDeviceId).toBe('headset-mic');
    expect(leader.device.audio.inputDeviceId).toBe('');
    await register(leader);
  });
});

describe('a view with choices', () => {
  it('is taken as it is', () => {
    const choices = {
      inputDeviceId: 'a',
      outputDeviceId: '',
      ringtoneDeviceIds: ['b', 'c'],
      inputProcessing: { echoCancellation: true, noiseSuppression: false, autoGainControl: true },
    };
    expect(readView({ ...VIEW, choices })).toEqual({ ...VIEW, choices });
    expect(readView({ ...VIEW, choices: {} })).toEqual({ ...VIEW, choices: {} });
  });

  it.each([
    ['null', null],
    ['a text', 'all'],
    ['a microphone that is no text', { inputDeviceId: 7 }],
    ['a long id', { outputDeviceId: LONG }],
    ['speakers that are no list', { ringtoneDeviceIds: 'all' }],
    ['too many speakers', { ringtoneDeviceIds: Array(9).fill('x') }],
    ['a speaker with a long id', { ringtoneDeviceIds: [LONG] }],
    ['no processing', { inputProcessing: null }],
    ['processing that is half there', { inputProcessing: { noiseSuppression: false } }],
    [
      'processing that is "yes"',
      { inputProcessing: { echoCancellation: 'yes', noiseSuppression: false, autoGainControl: true } },
    ],
  ])('that are %s is ignored', (_name, choices) => {
    expect(readView({ ...VIEW, choices })).toBeUndefined();
  });
});

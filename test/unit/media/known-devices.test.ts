import { beforeEach, describe, expect, it } from 'vitest';
import type { AudioDevice } from '../../../src/media/devices';
import { KnownDevices } from '../../../src/media/known-devices';
import { LostDevices } from '../../../src/media/lost-devices';

const device = (deviceId: string, label: string, groupId = deviceId): AudioDevice => ({
  deviceId,
  kind: 'audioinput',
  label,
  groupId,
});
const MIC = device('mic', 'Microphone', 'desk');
const USB = device('usb', 'USB headset');
const TWIN = device('twin', 'USB headset');
const OTHER_SOCKET = device('other-socket', 'USB headset', 'another group');
const EAR: AudioDevice = { ...USB, deviceId: 'ear', kind: 'audiooutput' };
const defaultOf = (one: AudioDevice): AudioDevice => ({
  ...one,
  deviceId: 'default',
  label: `Default - ${one.label}`,
});

let known: KnownDevices;
const found = ({ kind, deviceId }: AudioDevice) => known.find(kind, deviceId);

beforeEach(() => {
  known = new KnownDevices();
});

describe('a device', () => {
  it('is found by id, else by name, and only among its kind', () => {
    known.note([MIC, USB]);
    expect(found(USB)).toBe(USB);
    known.note([MIC, OTHER_SOCKET]);
    expect(found(USB)).toBe(OTHER_SOCKET);
    known.note([MIC, { ...OTHER_SOCKET, label: '' }]);
    expect(found(USB)).toBeUndefined();
    known.note([MIC, EAR]);
    expect(found(USB)).toBeUndefined();
  });

  it('is no entry for the default of the same name, and the default is found under both its ids', () => {
    known.note([MIC, USB]);
    const entry = { ...defaultOf(MIC), label: USB.label };
    known.note([entry, MIC]);
    expect(found(USB)).toBeUndefined();
    expect([known.find('audioinput', ''), known.find('audioinput', 'default')]).toEqual([entry, entry]);
  });

  it('is not its twin that was there together with it', () => {
    known.note([USB, TWIN]);
    known.note([TWIN]);
    expect(found(USB)).toBeUndefined();
    known.note([TWIN, OTHER_SOCKET]);
    expect(found(USB)).toBe(OTHER_SOCKET);
    expect(found(TWIN)).toBe(TWIN);
  });

  it('is none of several that could be it, unless one has its group', () => {
    known.note([USB]);
    known.note([TWIN, OTHER_SOCKET]);
    expect(found(USB)).toBeUndefined();
    const inItsGroup = { ...OTHER_SOCKET, groupId: USB.groupId };
    known.note([TWIN, inItsGroup]);
    expect(found(USB)).toBe(inItsGroup);
  });

  it('stays what it was found as when a twin of that comes, and is not that twin when it goes', () => {
    known.note([USB]);
    known.note([OTHER_SOCKET]);
    known.note([OTHER_SOCKET, TWIN]);
    expect(found(USB)).toBe(OTHER_SOCKET);
    known.note([TWIN]);
    expect(found(USB)).toBeUndefined();
  });

  it('goes from socket to socket and back', () => {
    for (let times = 0; times < 2; times += 1) {
      known.note([USB]);
      expect(found(OTHER_SOCKET)?.deviceId).toBe(times === 0 ? undefined : 'usb');
      known.note([OTHER_SOCKET]);
      expect(found(USB)).toBe(OTHER_SOCKET);
    }
  });

  it('that is remembered is found by its name, and was never there', () => {
    known.remember('audioinput', { deviceId: 'of-last-year', label: USB.label });
    known.note([MIC, USB]);
    expect(known.find('audioinput', 'of-last-year')).toBe(USB);
    expect(known.seen('audioinput', 'of-last-year')).toBeUndefined();
    expect(known.seen('audioinput', 'usb')).toBe(USB);
  });

  it('is what the default stood for, by name among the sockets of one card, also when it is gone', () => {
    const line = device('line', 'Line in', 'card');
    const jack = device('jack', 'Jack', 'card');
    known.note([defaultOf(jack), line, jack]);
    expect(known.hardwareOf(defaultOf(jack))).toBe(jack);
    known.note([defaultOf(MIC), MIC]);
    expect(known.hardwareOf(defaultOf(jack))).toBe(jack);
    expect(known.hardwareOf({ ...defaultOf(jack), groupId: '' })).toMatchObject({ deviceId: 'default' });
    expect(known.hardwareOf(MIC)).toBe(MIC);
  });
});

describe('what is told of lost devices', () => {
  let lost: LostDevices;
  const isSame = (one: AudioDevice) => (other: AudioDevice) => one.deviceId === other.deviceId;

  beforeEach(() => {
    lost = new LostDevices();
  });

  it('is each loss and each return once, however often they are seen', () => {
    expect(lost.use(USB, isSame(USB))).toBe(false);
    for (let times = 0; times < 3; times += 1) {
      expect([lost.add(USB, true), lost.add(USB, true)]).toEqual([true, false]);
      expect(lost.use(MIC, isSame(MIC))).toBe(false);
      expect([lost.use(USB, isSame(USB)), lost.use(USB, isSame(USB))]).toEqual([true, false]);
    }
  });

  it('is the first one that comes where there was none, once', () => {
    lost.add(USB, false);
    expect(lost.use(EAR, isSame(EAR))).toBe(false);
    expect([lost.use(MIC, isSame(MIC)), lost.use(MIC, isSame(MIC))]).toEqual([true, false]);
    expect(lost.use(USB, isSame(USB))).toBe(true);
  });
});

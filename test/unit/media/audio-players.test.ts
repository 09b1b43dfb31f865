import { afterEach, beforeEach, expect, it } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { AudioPlayers } from '../../../src/media/audio-players';
import { AutoplayGate } from '../../../src/media/autoplay-gate';
import { FakeMedia } from '../../support/fake-media';

let media: FakeMedia;
let autoplay: AutoplayGate;
let players: AudioPlayers;
let events: string[];

beforeEach(() => {
  media = FakeMedia.install();
  autoplay = new AutoplayGate({ logger: new Logger('silent') });
  events = [];
  players = new AudioPlayers({
    autoplay,
    prepare: (element) => {
      element.src = 'ring.mp3';
    },
    onBlocked: () => events.push('blocked'),
    onUnblocked: () => events.push('unblocked'),
    onFailed: () => events.push('failed'),
  });
});

afterEach(() => {
  players.dispose();
  autoplay.dispose();
  expect(media.heldElements).toHaveLength(0);
  expect(media.listeners).toBe(0);
  media.uninstall();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
const audible = () =>
  media.outputElements
    .filter(({ isAudible }) => isAudible)
    .map(({ sinkId }) => sinkId)
    .sort();

it('plays on several outputs at once, each with one element', async () => {
  await players.setOutputDevices(['desk-speaker', 'headset-ear', 'desk-speaker']);
  players.play();
  await settled();
  expect(audible()).toEqual(['desk-speaker', 'headset-ear']);
  players.stop();
  expect(audible()).toEqual([]);
});

it('begins on an output that is added while it plays, and ends on one that is taken away', async () => {
  players.play();
  expect(await players.setOutputDevices(['', 'headset-ear'])).toBe(true);
  await settled();
  expect(audible()).toEqual(['', 'headset-ear']);
  await players.setOutputDevices(['headset-ear']);
  expect(audible()).toEqual(['headset-ear']);
  expect(media.heldElements).toHaveLength(1);
});

it('moves with its element, so that a sound goes on where it was', async () => {
  players.play();
  media.element.currentTime = 3;
  await players.setOutputDevices(['headset-ear']);
  expect(media.elements).toHaveLength(1);
  expect(media.element.currentTime).toBe(3);
  expect(audible()).toEqual(['headset-ear']);
});

it('stays where it was when one of several does not exist', async () => {
  await players.setOutputDevices(['desk-speaker']);
  players.play();
  await expect(players.setOutputDevices(['headset-ear', 'gone'])).rejects.toMatchObject({
    code: 'OUTPUT_DEVICE_FAILED',
  });
  await settled();
  expect(audible()).toEqual(['desk-speaker']);
  expect(media.heldElements).toHaveLength(1);
});

it('leaves out what does not exist where it may, and plays on the default when nothing is left', async () => {
  expect(await players.setOutputDevices(['gone', 'headset-ear'], true)).toBe(false);
  players.play();
  await settled();
  expect(audible()).toEqual(['headset-ear']);
  expect(await players.setOutputDevices(['gone', 'gone too'], true)).toBe(false);
  expect(audible()).toEqual(['']);
});

it('takes the last of several changes at once', async () => {
  players.play();
  await Promise.all([
    players.setOutputDevices(['desk-speaker', 'headset-ear']),
    players.setOutputDevices([]),
    players.setOutputDevices(['headset-ear']),
  ]);
  await settled();
  expect(audible()).toEqual(['headset-ear']);
});

it('says once that it is blocked, and once that it is not any more', async () => {
  media.autoplayAllowed = false;
  await players.setOutputDevices(['desk-speaker', 'headset-ear']);
  players.play();
  await settled();
  expect(events).toEqual(['blocked']);
  media.gesture();
  await settled();
  expect(events).toEqual(['blocked', 'unblocked']);
  expect(audible()).toHaveLength(2);
});

it('fails when no output plays, once', async () => {
  await players.setOutputDevices(['desk-speaker', 'headset-ear']);
  media.brokenUrls.add('ring.mp3');
  players.play();
  await settled();
  expect(events).toEqual(['failed']);
  media.brokenUrls.clear();
  players.play();
  await settled();
  expect(audible()).toHaveLength(2);
});

it('goes on while one output plays', async () => {
  await players.setOutputDevices(['desk-speaker', 'headset-ear']);
  players.play();
  media.elements[0]?.breakOff();
  await settled();
  expect(events).toEqual([]);
  expect(audible()).toHaveLength(1);
});

it('leaves nothing of a change that its end overtook', async () => {
  media.holdOutput = true;
  players.play();
  const changing = players.setOutputDevices(['headset-ear', 'desk-speaker']);
  await settled();
  players.dispose();
  media.holdOutput = false;
  for (const element of media.outputElements) element.settleOutput();
  await changing;
  expect(media.heldElements).toHaveLength(0);
});

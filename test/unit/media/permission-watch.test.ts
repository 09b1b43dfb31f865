import { afterEach, expect, it } from 'vitest';
import { voiceError } from '../../../src/core/errors';
import { PermissionWatch } from '../../../src/media/permission-watch';
import { FakeMedia } from '../../support/fake-media';

let media: FakeMedia;
let watch: PermissionWatch;
let states: string[];

async function start(options: Parameters<typeof FakeMedia.install>[0]): Promise<void> {
  media = FakeMedia.install(options);
  watch = new PermissionWatch();
  states = [];
  watch.on('changed', (state) => states.push(state));
  await watch.start();
}

afterEach(() => {
  watch.dispose();
  expect(media.listeners).toBe(0);
  media.uninstall();
});

it('is what the browser says, and tells of changes only', async () => {
  await start({ permission: 'prompt' });
  expect(watch.state).toBe('prompt');
  expect(states).toEqual([]);
  media.setPermission('granted');
  media.setPermission('denied');
  expect(watch.state).toBe('denied');
  expect(states).toEqual(['granted', 'denied']);
});

it('is read again after each outcome, for browsers that do not tell', async () => {
  await start({ permission: 'prompt' });
  media.permissionStatus.state = 'granted';
  watch.noteOutcome(undefined);
  media.permissionStatus.state = 'prompt';
  expect(watch.state).toBe('prompt');
  expect(states).toEqual(['granted', 'prompt']);
});

it('does not believe names or outcomes more than the browser', async () => {
  await start({ permission: 'prompt' });
  watch.noteNames();
  watch.noteOutcome(voiceError('MICROPHONE_DENIED'));
  expect(watch.state).toBe('prompt');
});

it('is unknown without the API, until a microphone was opened or refused', async () => {
  await start({});
  expect(watch.state).toBe('unknown');
  watch.noteOutcome(voiceError('MICROPHONE_BUSY'));
  watch.noteOutcome(voiceError('MICROPHONE_NOT_FOUND'));
  expect(watch.state).toBe('unknown');
  watch.noteOutcome(voiceError('MICROPHONE_DENIED'));
  watch.noteOutcome(undefined);
  watch.noteOutcome(undefined);
  expect(states).toEqual(['denied', 'granted']);
});

it('is granted without the API where devices have names', async () => {
  await start({});
  watch.noteNames();
  expect(watch.state).toBe('granted');
});

it('asks an API that does not know microphones in vain', async () => {
  await start({});
  Object.assign(globalThis.navigator, {
    permissions: { query: () => Promise.reject(new TypeError('name')) },
  });
  await watch.start();
  expect(watch.state).toBe('unknown');
});

it('listens to nothing when it ended while the browser was asked', async () => {
  await start({ permission: 'prompt' });
  const late = new PermissionWatch();
  const starting = late.start();
  late.dispose();
  await starting;
  expect(late.state).toBe('unknown');
});

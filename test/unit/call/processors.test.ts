import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AudioProcessor, Device, ProcessorFailure } from '../../../src/index';
import { asTrack, FakeProcessor } from '../../support/fake-processor';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpOffer } from '../../support/wire/sdp';
import { advance, agree, errorsOf, expectNothingHeld, fakeClock, useBench } from './bench';

const context = useBench();

const sender = () => {
  const [first] = context.bench.webRtc.connection.getSenders();
  if (!first) throw new Error('no sender');
  return first;
};
const sending = () => sender().track as unknown as MediaStreamTrack | null;
const live = () => context.bench.media.liveTracks;
/** What the agent hears. */
const hearing = () => {
  const element = context.bench.media.elements.find(({ src, muted }) => src === '' && !muted);
  return (element?.srcObject as MediaStream | null | undefined)?.getTracks()[0];
};

function failuresOf(device: Device): ProcessorFailure[] {
  const failures: ProcessorFailure[] = [];
  device.audio.on('processorFailed', (failure) => failures.push(failure));
  return failures;
}

/** The far end's track comes. */
function farEnd(): MediaStreamTrack {
  const [track] = context.bench.media.remoteStream().getTracks();
  if (!track) throw new Error('no track');
  const event = Object.assign(new Event('track'), { track, streams: [] });
  context.bench.webRtc.connection.dispatchEvent(event);
  return track;
}

/** Until the code that is loaded on demand is there and has done its work. */
async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    expect(condition()).toBe(true);
  });
}

describe('a processor of the microphone', () => {
  it('that was there before the call is heard from the first packet on', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain);
    const { call } = await bench.talk(device);
    expect(sending()).toBe(gain.output);
    expect(gain.made.map(({ input }) => input)).toEqual(live());
    await call.disconnect();
    await settle();
    expect(gain.released).toEqual([gain.output]);
    expect(gain.output.readyState).toBe('ended');
    expectNothingHeld(bench);
  });

  it('that fails is in the log, with what it failed of', async () => {
    const { bench, device } = context;
    const broken = new FakeProcessor('gain');
    broken.failure = new Error('no module');
    device.audio.addProcessor(broken);
    await bench.talk(device);
    const { log } = await device.exportDiagnostics();
    const details = { name: 'gain', direction: 'input', cause: 'Error: no module' };
    expect(log.filter(({ level }) => level === 'warn')).toMatchObject([{ details }]);
  });

  it('comes and goes in a live call, without a re-INVITE', async () => {
    const { bench, device } = context;
    const { events } = await bench.talk(device);
    const raw = sending();
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain, { direction: 'input' });
    await until(() => sending() === asTrack(gain.output));
    expect(gain.made[0]?.input).toBe(raw);
    device.audio.removeProcessor(gain);
    await until(() => sending() === raw);
    expect(raw?.readyState).toBe('live');
    expect(gain.held).toEqual([]);
    expect(bench.server.requests('INVITE')).toHaveLength(1);
    expect(errorsOf(events)).toEqual([]);
  });

  it('is one of several, in the order in which they were added', async () => {
    const { bench, device } = context;
    const processors = ['one', 'two', 'three'].map((name) => new FakeProcessor(name));
    const [one, two, three] = processors as [FakeProcessor, FakeProcessor, FakeProcessor];
    for (const processor of processors) device.audio.addProcessor(processor);
    device.audio.addProcessor(one);
    await bench.talk(device);
    expect(two.made[0]?.input).toBe(one.output);
    expect(three.made[0]?.input).toBe(two.output);
    expect(sending()).toBe(three.output);
    expect(one.made).toHaveLength(1);

    device.audio.removeProcessor(two);
    await until(() => three.made[1]?.input === asTrack(one.output));
    await until(() => processors.every(({ held }) => held.length <= 1));
    expect(two.held).toEqual([]);
    expect(sending()).toBe(three.output);
  });

  it('is kept by another microphone; the old one sounds until the new one is processed', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain);
    const { call } = await bench.talk(device);
    const first = gain.output;
    gain.hangs = true;
    const changing = call.setInputDevice('headset-mic');
    await until(() => gain.waiting.length === 1);
    expect(sending()).toBe(first);
    expect(live()).toHaveLength(2);
    call.mute(true);
    expect([first.enabled, ...live().map(({ enabled }) => enabled)]).toEqual([false, false, false]);
    gain.waiting[0]?.();
    await changing;
    expect(sending()).toBe(gain.output);
    expect(gain.output).not.toBe(first);
    expect(gain.output.enabled).toBe(false);
    expect(gain.released).toEqual([first]);
    expect(live().map(({ source }) => source.deviceId)).toEqual(['headset-mic']);
    call.mute(false);
    expect([gain.output, ...live()].map(({ enabled }) => enabled)).toEqual([true, true]);
  });

  it('is kept when the microphone is unplugged', async () => {
    const { bench, device } = context;
    const failures = failuresOf(device);
    const gain = new FakeProcessor('gain');
    // As many do: without sound from where it came, the track ends.
    const process = gain.process.bind(gain);
    gain.process = async (input) => {
      const output = await process(input);
      input.addEventListener('ended', () => {
        gain.made.find((made) => made.input === input)?.output.end();
      });
      return output;
    };
    device.audio.addProcessor(gain);
    const { call } = await bench.talk(device);
    await call.setInputDevice('headset-mic');
    bench.media.unplug('headset-mic');
    await until(() => live()[0]?.source.deviceId === 'desk-mic' && sending() === asTrack(gain.output));
    expect(gain.held).toHaveLength(1);
    expect(failures).toEqual([]);
  });

  it('never undoes a mute or a hold (the held customer must not hear the agent)', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain);
    const { call, dialog } = await bench.talk(device);
    const expectHeard = (isHeard: boolean) => {
      expect(sending()).toBe(gain.output);
      expect([gain.output, ...live()].map(({ enabled }) => enabled)).toEqual([isHeard, isHeard]);
    };
    expectHeard(true);
    call.mute(true);
    expectHeard(false);
    for (const on of [true, false]) {
      const changing = call.hold(on);
      await agree(dialog, await dialog.expect('INVITE'));
      await changing;
      expectHeard(false);
    }
    for (const direction of ['inactive', 'sendrecv'] as const) {
      await dialog.request('INVITE', { body: sdpOffer({ direction, version: 9 }) }).response(200);
      await settle();
      expectHeard(false);
    }
    const other = new FakeProcessor('other');
    device.audio.addProcessor(other);
    await until(() => sending() === asTrack(other.output));
    expect([other.output, ...live()].map(({ enabled }) => enabled)).toEqual([false, false]);
    device.audio.removeProcessor(other);
    await until(() => sending() === asTrack(gain.output));
    call.mute(false);
    expectHeard(true);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expectHeard(false);
  });

  it('serves two calls with a track each', async () => {
    const { bench } = context;
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain);
    const { call: first } = await bench.talk(device);
    const { call: second, invite } = await bench.ring(device);
    await Promise.all([second.accept(), invite.answered()]);
    expect(gain.held).toHaveLength(2);
    await first.disconnect();
    await settle();
    expect(gain.held.map(({ readyState }) => readyState)).toEqual(['live']);
  });

  it('that was exchanged while the call was being set up is the one that is sent', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    const other = new FakeProcessor('other');
    device.audio.addProcessor(gain);
    const dialing = bench.dial(device);
    await until(() => gain.made.length === 1);
    device.audio.removeProcessor(gain);
    device.audio.addProcessor(other);
    await dialing;
    await until(() => other.made.length === 1 && sending() === asTrack(other.output));
    expect(gain.held).toEqual([]);
    expect(other.output.readyState).toBe('live');
  });
});

describe('a processor that fails', () => {
  it.each([
    ['rejects', (processor: FakeProcessor) => (processor.failure = new Error('no model'))],
    [
      'throws',
      (processor: FakeProcessor) =>
        (processor.process = () => {
          throw new Error('no model');
        }),
    ],
    [
      'resolves with nothing',
      (processor: FakeProcessor) => (processor.process = () => Promise.resolve(undefined as never)),
    ],
    [
      'resolves with a track that has ended',
      (processor: FakeProcessor) => {
        const process = processor.process.bind(processor);
        processor.process = async (input) => {
          const output = await process(input);
          output.stop();
          return output;
        };
      },
    ],
  ])('%s: the call goes on without it, and with the others', async (_how, breakIt) => {
    const { bench, device } = context;
    const failures = failuresOf(device);
    const [before, broken, behind] = ['before', 'broken', 'behind'].map((name) => new FakeProcessor(name));
    if (!before || !broken || !behind) throw new Error('three');
    breakIt(broken);
    for (const processor of [before, broken, behind]) device.audio.addProcessor(processor);
    const { call, events } = await bench.talk(device);
    expect(sending()).toBe(behind.output);
    expect(behind.made[0]?.input).toBe(before.output);
    expect(failures).toMatchObject([
      { name: 'broken', direction: 'input', error: { code: 'PROCESSOR_FAILED', fatal: false } },
    ]);
    expect(failures[0]?.error.cause).toBeInstanceOf(Error);
    expect(errorsOf(events)).toEqual([]);
    expect(broken.held).toEqual([]);
    await call.disconnect();
    await settle();
    expect([before.held, behind.held]).toEqual([[], []]);
    expectNothingHeld(bench);
  });

  it('in a live call leaves the raw sound', async () => {
    const { bench, device } = context;
    const failures = failuresOf(device);
    await bench.talk(device);
    const raw = sending();
    const broken = new FakeProcessor('broken');
    broken.failure = new Error('no model');
    device.audio.addProcessor(broken);
    await until(() => failures.length === 1);
    await settle();
    expect(sending()).toBe(raw);
    expect(raw?.readyState).toBe('live');
  });

  it('later, by ending its track, gives way to the raw sound, once', async () => {
    const { bench, device } = context;
    const failures = failuresOf(device);
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain);
    const { call } = await bench.talk(device);
    call.mute(true);
    const first = gain.output;
    first.end();
    await until(() => sending() === asTrack(live()[0] as never));
    expect(sending()?.enabled).toBe(false);
    expect(failures).toHaveLength(1);
    expect(gain.released).toEqual([first]);
    // Another microphone is another chance.
    await call.setInputDevice('headset-mic');
    expect(sending()).toBe(gain.output);
    expect(gain.output).not.toBe(first);
    expect(gain.output.enabled).toBe(false);
  });

  it('is tried again when it is removed and added', async () => {
    const { bench, device } = context;
    const failures = failuresOf(device);
    const gain = new FakeProcessor('gain');
    gain.failure = new Error('no model');
    device.audio.addProcessor(gain);
    await bench.talk(device);
    gain.failure = undefined;
    device.audio.removeProcessor(gain);
    device.audio.addProcessor(gain);
    await until(() => gain.made.length === 1 && sending() === asTrack(gain.output));
    expect(failures).toHaveLength(1);
  });

  it('to answer within 2 s: the call is placed without it, and what comes late is given back', async () => {
    fakeClock();
    const { bench, device } = context;
    // Loaded while the clock stands still.
    await import('../../../src/media/processors/process-track');
    const failures = failuresOf(device);
    const slow = new FakeProcessor('slow');
    slow.hangs = true;
    device.audio.addProcessor(slow);
    const dialing = bench.dial(device);
    while (slow.waiting.length === 0) await settle();
    await advance(1_900);
    expect(failures).toEqual([]);
    await advance(200);
    const { call } = await dialing;
    expect(failures).toMatchObject([{ name: 'slow' }]);
    expect(sending()).toBe(live()[0]);
    slow.waiting[0]?.();
    await settle();
    expect(slow.released).toEqual([slow.output]);
    expect(slow.output.readyState).toBe('ended');
    // Nobody waits for it once more, least of all when a headset is lost.
    await call.setInputDevice('headset-mic');
    expect(sending()).toBe(live()[0]);
    expect(slow.waiting).toHaveLength(1);
    expect(failures).toHaveLength(1);
    slow.hangs = false;
    device.audio.removeProcessor(slow);
    device.audio.addProcessor(slow);
    for (let turn = 0; turn < 50 && slow.made.length < 2; turn += 1) await settle();
    await advance(100);
    expect(sending()).toBe(slow.output);
    await call.disconnect();
    await advance(100);
  });

  it('to let go is told, and keeps nobody from it', async () => {
    const { bench, device } = context;
    const failures = failuresOf(device);
    const [stubborn, other] = [new FakeProcessor('stubborn'), new FakeProcessor('other')];
    stubborn.release = () => {
      throw new Error('no');
    };
    for (const processor of [stubborn, other]) device.audio.addProcessor(processor);
    const { call } = await bench.talk(device);
    await call.disconnect();
    await settle();
    expect(failures).toMatchObject([{ name: 'stubborn' }]);
    expect(stubborn.output.readyState).toBe('ended');
    expect(other.held).toEqual([]);
    expectNothingHeld(bench);
  });

  it('and a connection that takes no other track leave what was sent before', async () => {
    const { bench, device } = context;
    await bench.talk(device);
    const raw = sending();
    sender().replaceTrack = () => Promise.reject(new DOMException('no', 'InvalidModificationError'));
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain);
    await until(() => gain.released.length === 1);
    expect(sending()).toBe(raw);
    expect(gain.held).toEqual([]);
  });
});

describe('a call that ends', () => {
  it('while a processor is being asked gives everything back', async () => {
    const { bench, device } = context;
    const slow = new FakeProcessor('slow');
    slow.hangs = true;
    device.audio.addProcessor(slow);
    const { call, invite } = await bench.ring(device);
    const code = codeOf(call.accept());
    await until(() => slow.waiting.length === 1);
    invite.cancel();
    expect(await code).toBe('CALL_CANCELED');
    slow.waiting[0]?.();
    await settle();
    expect(slow.held).toEqual([]);
    expectNothingHeld(bench);
  });

  it('by destroy(), after which nothing can be added', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain);
    await bench.talk(device);
    device.destroy();
    expect(gain.held).toEqual([]);
    expect(() => {
      device.audio.addProcessor(new FakeProcessor('late'));
    }).toThrow(expect.objectContaining({ code: 'DESTROYED' }) as Error);
    device.audio.removeProcessor(gain);
    await settle();
    expectNothingHeld(bench);
  });
});

describe('a processor of the far end', () => {
  it('is heard as soon as it is ready, the raw sound until then and after it', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    const { call } = await bench.talk(device);
    const raw = farEnd();
    expect(hearing()).toBe(raw);
    device.audio.addProcessor(gain, { direction: 'remote' });
    await until(() => hearing() === asTrack(gain.output));
    expect(gain.made.map(({ input }) => input)).toEqual([raw]);
    // Chromium hands the sound on only while it is played.
    expect(bench.media.elements.some(({ muted, paused }) => muted && !paused)).toBe(true);
    farEndAgain(raw);
    expect(hearing()).toBe(gain.output);
    device.audio.removeProcessor(gain);
    await until(() => hearing() === raw);
    expect(gain.held).toEqual([]);
    expect(bench.media.elements.filter(({ muted, paused }) => muted && !paused)).toEqual([]);
    const broken = new FakeProcessor('broken');
    broken.failure = new Error('no model');
    const failures = failuresOf(device);
    device.audio.addProcessor(broken, { direction: 'remote' });
    await until(() => failures.length === 1);
    await settle();
    expect(hearing()).toBe(raw);
    expect(bench.media.elements.filter(({ muted, paused }) => muted && !paused)).toEqual([]);
    await call.disconnect();
    await settle();
    expectNothingHeld(bench);
  });

  it('is asked for the track of a far end that another one has answered for', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    device.audio.addProcessor(gain, { direction: 'remote' });
    await bench.talk(device);
    const raw = farEnd();
    await until(() => gain.made.at(-1)?.input === raw && hearing() === asTrack(gain.output));
    const next = farEnd();
    expect(hearing()).toBe(next);
    await until(() => gain.made.at(-1)?.input === next && hearing() === asTrack(gain.output));
    expect(gain.held).toHaveLength(1);
  });

  it('is not asked for the microphone, nor the other way round', async () => {
    const { bench, device } = context;
    const [near, far] = [new FakeProcessor('near'), new FakeProcessor('far')];
    device.audio.addProcessor(near);
    device.audio.addProcessor(far, { direction: 'remote' });
    await bench.talk(device);
    const raw = farEnd();
    await until(() => far.made.some(({ input }) => input === raw));
    expect(near.made.map(({ input }) => input)).toEqual(live());
  });

  function farEndAgain(track: MediaStreamTrack): void {
    const event = Object.assign(new Event('track'), { track, streams: [] });
    context.bench.webRtc.connection.dispatchEvent(event);
  }
});

describe('addProcessor()', () => {
  const usable: AudioProcessor = new FakeProcessor('usable');

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a function', () => undefined],
    ['a nameless one', { ...usable, process: () => undefined, release: () => undefined, name: undefined }],
    ['one without process()', { name: 'x', release: () => undefined }],
    ['one without release()', { name: 'x', process: () => undefined }],
  ])('takes no %s', (_what, processor) => {
    expect(() => {
      context.device.audio.addProcessor(processor as never);
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  });

  it.each([['both'], [7], ['__proto__'], ['constructor']])('knows no direction %j', (direction) => {
    expect(() => {
      context.device.audio.addProcessor(usable, { direction: direction as never });
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  });

  it('may be followed by the removal at once, and of what was never there', async () => {
    const { bench, device } = context;
    const gain = new FakeProcessor('gain');
    await bench.talk(device);
    const raw = sending();
    device.audio.addProcessor(gain);
    device.audio.removeProcessor(gain);
    device.audio.removeProcessor(new FakeProcessor('stranger'));
    await settle();
    expect(sending()).toBe(raw);
    expect(gain.held).toEqual([]);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AudioProcessor, ProcessorFailure } from '../../src/index';
import type * as NoiseSuppressionEntry from '../../src/noise-suppression/index';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab, type ChromiumPage } from '../support/chromium-lab';
import { noisySpeechWav } from '../support/noisy-speech';
import { Phone, startPhoneSandbox } from '../support/phone';

declare global {
  interface Window {
    /** What the test adds to the page; see `INIT`. */
    soundParts: {
      noiseSuppression(): Promise<typeof NoiseSuppressionEntry>;
      processor?: AudioProcessor;
      failures?: (Omit<ProcessorFailure, 'error'> & { readonly code: string; readonly cause: string })[];
    };
  }
}

/** The browser's own processing would do the work, or undo it. */
const INIT = `
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = ({ audio }) =>
    open({ audio: { ...audio, echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
  window.soundParts = { noiseSuppression: () => import('/dist/noise-suppression/index.js') };
`;

let sandbox: Sandbox;
let browser: ChromiumLab;
const phones: Phone<ChromiumPage>[] = [];

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micWav: noisySpeechWav() }),
  ]);
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.close();
});
afterAll(async () => {
  await browser.close();
  await sandbox.close();
});

async function registered(): Promise<Phone<ChromiumPage>> {
  const phone = await Phone.registered(browser, sandbox, { page: { initScript: INIT } });
  phones.push(phone);
  await phone.page.evaluate(() => {
    const failures: NonNullable<typeof window.soundParts.failures> = [];
    window.soundParts.failures = failures;
    window.sdkPhone.device.audio.on('processorFailed', ({ name, direction, error }) => {
      failures.push({ name, direction, code: error.code, cause: String(error.cause) });
    });
  });
  return phone;
}

async function talking(to: string): Promise<{ phone: Phone<ChromiumPage>; call: number }> {
  const phone = await registered();
  const call = await phone.connect(to);
  await phone.next(`call ${call}`, 'accepted');
  return { phone, call };
}

const failuresOf = (phone: Phone<ChromiumPage>) =>
  phone.page.evaluate(() => window.soundParts.failures ?? []);

/** Quiet and loud of what a call hears over two stretches of talk and pause, in dBFS: the 15th and the 85th percentile. */
function loudness(phone: Phone<ChromiumPage>, call: number): Promise<{ pause: number; talk: number }> {
  return phone.page.evaluate(async (index) => {
    const receiver = window.sdkPhone.calls[index]?.session.connection?.getReceivers()[0];
    if (!receiver) throw new Error('no receiver');
    const context = new AudioContext();
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    context.createMediaStreamSource(new MediaStream([receiver.track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const levels: number[] = [];
    const untilMs = performance.now() + 9_000;
    while (performance.now() < untilMs) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      levels.push(10 * Math.log10(power + 1e-12));
    }
    await context.close();
    // The jitter buffer fills at the beginning.
    const sorted = levels.slice(levels.length >> 3).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? NaN;
    return { pause: at(0.15), talk: at(0.85) };
  }, call);
}

describe('noise suppression in a call', () => {
  test('takes the noise out of the pauses at the far end, at once and until it is removed', async () => {
    const { phone, call } = await talking('echo');
    const before = await loudness(phone, call);
    await phone.page.evaluate(async () => {
      const { createNoiseSuppression } = await window.soundParts.noiseSuppression();
      const suppression = createNoiseSuppression();
      await suppression.load();
      window.soundParts.processor = suppression;
      window.sdkPhone.device.audio.addProcessor(suppression);
    });
    await expect.poll(() => phone.counters()).toMatchObject({ contexts: 1 });
    const during = await loudness(phone, call);
    await phone.page.evaluate(() => {
      if (window.soundParts.processor)
        window.sdkPhone.device.audio.removeProcessor(window.soundParts.processor);
    });
    await expect.poll(() => phone.counters()).toMatchObject({ contexts: 0 });
    const after = await loudness(phone, call);
    expect(before.pause).toBeGreaterThan(-45);
    expect(during.pause).toBeLessThan(before.pause - 15);
    expect(Math.abs(during.talk - before.talk)).toBeLessThan(6);
    expect(Math.abs(after.pause - before.pause)).toBeLessThan(6);
    expect(await failuresOf(phone)).toEqual([]);
    expect(await phone.counters()).toMatchObject({ tracks: 1, connections: 1 });
  });
});

/** A processor in the page that sends a tone in place of the microphone, or of the far end. */
function addTone(
  phone: Phone<ChromiumPage>,
  hz: number,
  direction: 'input' | 'remote' = 'input',
): Promise<void> {
  return phone.page.evaluate(
    ([frequency, way]) => {
      const contexts = new Map<MediaStreamTrack, AudioContext>();
      window.soundParts.processor = {
        name: 'tone',
        process: async () => {
          const context = new AudioContext();
          const destination = context.createMediaStreamDestination();
          const oscillator = new OscillatorNode(context, { frequency });
          oscillator.connect(new GainNode(context, { gain: 0.5 })).connect(destination);
          oscillator.start();
          await context.resume();
          const [track] = destination.stream.getAudioTracks();
          if (!track) throw new Error('no track');
          contexts.set(track, context);
          return track;
        },
        release: (track) => {
          void contexts.get(track)?.close();
        },
      };
      window.sdkPhone.device.audio.addProcessor(window.soundParts.processor, { direction: way });
    },
    [hz, direction] as const,
  );
}

const removeProcessor = (phone: Phone<ChromiumPage>) =>
  phone.page.evaluate(() => {
    if (window.soundParts.processor)
      window.sdkPhone.device.audio.removeProcessor(window.soundParts.processor);
  });

/** Whether the microphone of the fake browser, talk and noise, is what the call hears. */
async function hearsTalk(phone: Phone<ChromiumPage>, call: number): Promise<void> {
  await expect
    .poll(async () => (await phone.hear(call, 2_500)).hz, { timeout: 20_000 })
    .not.toBeCloseTo(1_000, -2);
  expect((await phone.hear(call, 2_500)).dbfs).toBeGreaterThan(-30);
}

describe('a processor of the page', () => {
  test('comes, outlives another microphone, keeps the mute, and goes, without a re-INVITE', async () => {
    const { phone, call } = await talking('echo');
    await hearsTalk(phone, call);
    const requests = sandbox.trace.entries.length;
    await addTone(phone, 1_000);
    await phone.hears(call, 1_000);
    const microphones = await phone.page.evaluate(async () =>
      (await window.sdkPhone.device.enumerateDevices()).filter(
        ({ kind, deviceId }) => kind === 'audioinput' && deviceId !== 'default',
      ),
    );
    await phone.do(call, 'mute', true);
    await phone.do(call, 'setInputDevice', microphones.at(-1)?.deviceId);
    await phone.hearsNobody(call);
    await phone.do(call, 'mute', false);
    await phone.hears(call, 1_000);
    expect(await phone.counters()).toMatchObject({ tracks: 1, contexts: 1 });
    await phone.do(call, 'setInputDevice', 'default');
    await phone.hears(call, 1_000);
    await removeProcessor(phone);
    await hearsTalk(phone, call);
    expect(sandbox.trace.entries.slice(requests).map(({ method }) => method)).not.toContain('INVITE');
    expect(await failuresOf(phone)).toEqual([]);
    await phone.do(call, 'disconnect');
    expect(await phone.counters()).toMatchObject({ tracks: 0, connections: 0, elements: 0, contexts: 0 });
  });

  test('that throws, hangs or breaks in a call leaves the sound as it was', async () => {
    const { phone, call } = await talking('echo');
    await phone.page.evaluate(() => {
      const release = (): void => undefined;
      const { audio } = window.sdkPhone.device;
      audio.addProcessor({ name: 'throws', release, process: () => Promise.reject(new Error('no model')) });
      audio.addProcessor({ name: 'hangs', release, process: () => new Promise(() => undefined) });
    });
    await expect
      .poll(() => failuresOf(phone))
      .toMatchObject([
        { name: 'throws', code: 'PROCESSOR_FAILED', cause: 'Error: no model' },
        { name: 'hangs', code: 'PROCESSOR_FAILED' },
      ]);
    await hearsTalk(phone, call);
    await addTone(phone, 1_000);
    await phone.hears(call, 1_000);
    await phone.page.evaluate(() => {
      const sender = window.sdkPhone.calls[0]?.session.connection?.getSenders()[0];
      sender?.track?.stop();
      sender?.track?.dispatchEvent(new Event('ended'));
    });
    await hearsTalk(phone, call);
    expect((await failuresOf(phone)).map(({ name }) => name)).toEqual(['throws', 'hangs', 'tone']);
    expect(await phone.do(call, 'getStatus')).toBe('accepted');
    expect(await phone.counters()).toMatchObject({ tracks: 1, contexts: 0 });
  });

  test('of the far end gets its sound, and is what the agent hears', async () => {
    const { phone, call } = await talking('tone');
    await phone.hears(call, 440);
    await phone.page.evaluate(() => {
      // What comes in, measured where it goes out.
      const levels: number[] = [];
      Object.assign(window, { levels });
      const contexts = new Map<MediaStreamTrack, AudioContext>();
      window.soundParts.processor = {
        name: 'through',
        process: async (raw) => {
          const context = new AudioContext();
          await context.resume();
          const destination = context.createMediaStreamDestination();
          const analyser = new AnalyserNode(context, { fftSize: 2048 });
          context
            .createMediaStreamSource(new MediaStream([raw]))
            .connect(analyser)
            .connect(destination);
          const samples = new Float32Array(analyser.fftSize);
          const look = (): void => {
            if (context.state === 'closed') return;
            analyser.getFloatTimeDomainData(samples);
            levels.push(Math.max(...samples));
            requestAnimationFrame(look);
          };
          look();
          const [track] = destination.stream.getAudioTracks();
          if (!track) throw new Error('no track');
          contexts.set(track, context);
          return track;
        },
        release: (track) => {
          void contexts.get(track)?.close();
        },
      };
      window.sdkPhone.device.audio.addProcessor(window.soundParts.processor, { direction: 'remote' });
    });
    const latest = () =>
      phone.page.evaluate(() => (window as unknown as { levels: number[] }).levels.at(-1) ?? 0);
    await expect.poll(latest).toBeGreaterThan(0.05);
    // The processed sound, and the raw one that is only kept flowing.
    expect(await phone.counters()).toMatchObject({ elements: 2, contexts: 1 });
    await removeProcessor(phone);
    await expect.poll(() => phone.counters()).toMatchObject({ elements: 1, contexts: 0 });
    await phone.hears(call, 440);
    expect(await failuresOf(phone)).toEqual([]);
  });
});

describe('noise suppression', () => {
  test('whose audio thread is taken away gives the raw sound back', async () => {
    const { phone, call } = await talking('echo');
    const sent = () =>
      phone.page.evaluate(() => window.sdkPhone.calls[0]?.session.connection?.getSenders()[0]?.track?.label);
    const microphone = await sent();
    await phone.page.evaluate(async () => {
      const { createNoiseSuppression } = await window.soundParts.noiseSuppression();
      const contexts: AudioContext[] = [];
      Object.assign(window, { contexts });
      const Native = window.AudioContext;
      window.AudioContext = class extends Native {
        constructor(options?: AudioContextOptions) {
          super(options);
          contexts.push(this);
        }
      };
      window.sdkPhone.device.audio.addProcessor(createNoiseSuppression());
    });
    await expect.poll(sent).not.toBe(microphone);
    await expect
      .poll(() =>
        phone.page.evaluate(async () => {
          await (window as unknown as { contexts: AudioContext[] }).contexts[0]
            ?.close()
            .catch(() => undefined);
          return window.soundParts.failures?.map(({ cause }) => cause);
        }),
      )
      .toEqual(['Error: Its track has ended.']);
    await hearsTalk(phone, call);
  });

  test.each([
    { policy: "script-src 'self' blob: 'wasm-unsafe-eval'", own: false, works: true },
    { policy: "script-src 'self' 'wasm-unsafe-eval'; worker-src blob:", own: false, works: false },
    { policy: "script-src 'self' 'wasm-unsafe-eval'", own: true, works: true },
    { policy: "script-src 'self' blob:", own: false, works: false },
  ])('under the policy $policy, with a file of its own $own: $works', async ({ policy, own, works }) => {
    const { phone, call } = await talking('echo');
    await phone.page.evaluate(
      async ([content, isOwn]) => {
        document.head.append(
          Object.assign(document.createElement('meta'), { httpEquiv: 'Content-Security-Policy', content }),
        );
        const { createNoiseSuppression } = await window.soundParts.noiseSuppression();
        window.sdkPhone.device.audio.addProcessor(
          createNoiseSuppression(isOwn ? { workletUrl: '/dist/noise-suppression/worklet.js' } : {}),
        );
      },
      [policy, own] as const,
    );
    if (works) await expect.poll(() => phone.counters()).toMatchObject({ contexts: 1 });
    else await expect.poll(async () => (await failuresOf(phone)).length).toBe(1);
    await hearsTalk(phone, call);
    expect(await failuresOf(phone)).toHaveLength(works ? 0 : 1);
    expect(await phone.counters()).toMatchObject({ contexts: works ? 1 : 0 });
  });
});

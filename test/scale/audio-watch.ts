/** Listens to a call without a pause, to find the longest silence in it. */
import type { Phone } from '../support/phone';

export interface Listening {
  /** The longest time in which nobody was heard. */
  readonly silentMs: number;
  /** The longest time between two looks at the audio, in which silence could hide. */
  readonly blindMs: number;
}

declare global {
  interface Window {
    stopListening?: () => Promise<Listening>;
  }
}

export async function listen(phone: Phone, call: number): Promise<void> {
  await phone.page.evaluate(async (index) => {
    const SOMEBODY_DBFS = -40;
    const connection = window.sdkPhone.calls[index]?.session.connection as RTCPeerConnection | undefined;
    const track = connection?.getReceivers().find((receiver) => receiver.track.kind === 'audio')?.track;
    if (track === undefined) throw new Error('the call has no audio');
    const context = new AudioContext();
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let heardAtMs = performance.now();
    let lookedAtMs = heardAtMs;
    const longest = { silentMs: 0, blindMs: 0 };
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const now = performance.now();
      longest.blindMs = Math.max(longest.blindMs, Math.round(now - lookedAtMs));
      lookedAtMs = now;
      if (10 * Math.log10(power + 1e-12) > SOMEBODY_DBFS) heardAtMs = now;
      longest.silentMs = Math.max(longest.silentMs, Math.round(now - heardAtMs));
    };
    const timer = setInterval(look, 20);
    window.stopListening = async () => {
      look();
      clearInterval(timer);
      await context.close();
      return longest;
    };
  }, call);
}

export function stopListening(phone: Phone): Promise<Listening> {
  return phone.page.evaluate(async () => {
    const listening = await window.stopListening?.();
    if (listening === undefined) throw new Error('nobody listens');
    return listening;
  });
}

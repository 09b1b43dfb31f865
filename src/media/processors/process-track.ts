import type { ProcessingState } from './processing-state';
import { ProcessorChain } from './processor-chain';

/**
 * Puts a raw track in use, seen through the processors that there are now and that did not fail on it. New before old:
 * what was used before is released when the new track is in its place, and stays when the new one is refused.
 */
export async function processTrack(
  state: ProcessingState,
  raw: MediaStreamTrack,
  life: number,
): Promise<void> {
  const { processors, direction, use } = state.options;
  const usable = () =>
    processors.of[direction].filter(({ failedOn, isHung }) => !isHung && !failedOn.has(raw));
  const former = state.current;
  const wanted = usable();
  if (state.life !== life) return;
  if (former?.raw === raw && isSame(wanted, former.chain?.added ?? [])) return;
  const chain: ProcessorChain = new ProcessorChain({
    processors: wanted,
    isFarEnd: direction === 'remote',
    onFailed: (added, error) => {
      added.failedOn.add(raw);
      processors.fail(added.processor, direction, error);
      if (chain === state.current?.chain) state.refresh();
    },
    onProblem: ({ processor }, error) => {
      processors.fail(processor, direction, error);
    },
  });
  state.next = { raw, track: raw, chain };
  const track = await chain.apply(raw);
  if (state.life === life) state.next = { raw, track, chain };
  try {
    if (state.life === life && track !== former?.track) {
      track.enabled = state.isEnabled;
      await use(track);
    }
  } catch (error) {
    chain.release();
    if (state.life === life) state.next = undefined;
    throw error;
  }
  if (state.life !== life) return;
  state.current = { raw, track, chain };
  state.next = undefined;
  former?.chain?.release();
  // Some may have come, gone or failed meanwhile.
  if (!isSame(usable(), chain.added)) state.refresh();
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at]);
}

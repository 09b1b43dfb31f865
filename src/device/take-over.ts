import { backoffDelayMs } from '../core/backoff';
import { delay } from '../core/deadline';
import { asVoiceError, type VoiceSDKError } from '../core/errors';
import type { LocalPhone } from './line';

// Nobody has asked for the registration just now, so that nobody else would try again.
const RETRY = { firstMs: 1_000, capMs: 30_000 };

/**
 * Registers a tab that leads in the place of one that went away, until it is done, refused or over. Owns the retry of
 * that first registration; keeping it up is the Registration's. Never rejects.
 */
export async function takeOver(options: {
  readonly local: Pick<LocalPhone, 'registration' | 'emit'>;
  readonly signal: AbortSignal;
  /** Whether the tab leads no longer, or nobody wants to be registered. */
  readonly isOver: () => boolean;
  readonly onTry: (attempt: number) => void;
  /** This tab cannot register; another one may. */
  readonly onRefused: (error: VoiceSDKError) => void;
}): Promise<void> {
  const { local, signal } = options;
  const isOver = () => signal.aborted || options.isOver();
  for (let tries = 1; ; tries += 1) {
    options.onTry(tries);
    try {
      await local.registration.register();
      return;
    } catch (error) {
      if (isOver()) return;
      local.emit('error', asVoiceError(error, 'REGISTRATION_FAILED'));
      if (isRefusal(error)) {
        options.onRefused(error);
        return;
      }
      await delay(backoffDelayMs(tries, RETRY), signal).catch(() => undefined);
      if (isOver()) return;
    }
  }
}

/** Whether this tab's token is what keeps it from registering. */
export function isRefusal(error: unknown): error is VoiceSDKError {
  const { name } = asVoiceError(error, 'MEDIA_FAILED');
  return name === 'TokenError' || name === 'AuthError';
}

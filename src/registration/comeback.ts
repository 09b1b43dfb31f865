import { backoffDelayMs } from '../core/backoff';
import { stopTimer, type TimerHandle } from '../core/clock';
import { asVoiceError, type VoiceSDKError } from '../core/errors';
import { startSteadyTimer } from '../core/steady-timer';

export interface ComebackOptions {
  readonly register: () => Promise<void>;
  readonly onError: (error: VoiceSDKError) => void;
}

const RETRY = { firstMs: 2_000, capMs: 30_000 };

/** Registers again as soon as there is another token, where the want of one ended a registration. Owns the retry of that. */
export class Comeback {
  readonly #options: ComebackOptions;
  #isWanted = false;
  #timer: TimerHandle | undefined;
  #failures = 0;

  constructor(options: ComebackOptions) {
    this.#options = options;
  }

  /** The token was over. */
  wait(): void {
    this.#isWanted = true;
  }

  /** There is another token. */
  begin(): void {
    stopTimer(this.#timer);
    if (!this.#isWanted) return;
    this.#options.register().then(
      () => {
        this.cancel();
      },
      (error: unknown) => {
        if (!this.#isWanted) return;
        const failure = asVoiceError(error, 'REGISTRATION_FAILED');
        this.#failures += 1;
        // With a token or credentials that are refused it would only be refused again: the next token begins anew.
        if (failure.name !== 'TokenError' && failure.name !== 'AuthError')
          this.#timer = startSteadyTimer(backoffDelayMs(this.#failures, RETRY), () => {
            this.begin();
          });
        this.#options.onError(failure);
      },
    );
  }

  /** The agent decided otherwise, or is registered. */
  cancel(): void {
    stopTimer(this.#timer);
    this.#isWanted = false;
    this.#failures = 0;
  }
}

import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';
import type { VoiceSDKError } from '../core/errors';
import { browser } from './browser';

/**
 * Whether the page may use microphones (W3C Permissions): `prompt` the agent will be asked · `unknown` the browser does
 * not say, and nothing has been opened yet.
 */
export type MicrophonePermission = 'granted' | 'denied' | 'prompt' | 'unknown';

/** Knows the microphone permission: from the Permissions API, else from what became of opening a microphone. */
export class PermissionWatch extends TypedEmitter<{ changed: [state: MicrophonePermission] }> {
  readonly #disposer = new Disposer();
  #status: PermissionStatus | undefined;
  #state: MicrophonePermission = 'unknown';

  /** What it is now. Some browsers have the state right and do not tell that it changed, so it is read again. */
  get state(): MicrophonePermission {
    if (this.#status) this.#set(this.#status.state);
    return this.#state;
  }

  async start(): Promise<void> {
    try {
      const status = await browser.navigator?.permissions?.query({ name: 'microphone' });
      if (!status || this.#disposer.disposed) return;
      this.#status = status;
      this.#state = status.state;
      this.#disposer.listen(status, 'change', () => {
        this.#set(status.state);
      });
    } catch {
      // Browsers that do not know this name throw: what happens tells.
    }
  }

  /** A microphone was granted, or was not. */
  noteOutcome(error: VoiceSDKError | undefined): void {
    if (this.#status) this.#set(this.#status.state);
    else if (!error) this.#set('granted');
    else if (error.code === 'MICROPHONE_DENIED') this.#set('denied');
  }

  /** Devices are listed with their names, which only pages get that may use a microphone. */
  noteNames(): void {
    if (!this.#status) this.#set('granted');
  }

  dispose(): void {
    this.#disposer.dispose();
    this.removeAllListeners();
  }

  #set(state: MicrophonePermission): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('changed', state);
  }
}

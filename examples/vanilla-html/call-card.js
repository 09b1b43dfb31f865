/**
 * One call on the screen, from its first ring to how it ended. Everything shown is drawn from the call itself
 * at each of its events, so that the card cannot disagree with the call.
 */
import { bindCallHints } from './call-hints.js';
import { logCall } from './call-log.js';
import { bindVolume, followLevels } from './call-sound.js';
import { describeState, reportOf } from './call-state.js';
import { showSummary } from './call-summary.js';
import { drawControls, fillInCaller } from './call-view.js';
import { announce, byId, partsOf } from './dom.js';
import { logError } from './event-log.js';
import { formatAddress, formatDuration } from './format.js';
import { createKeypad } from './keypad.js';
import { bindQualityPanel } from './quality-panel.js';

const TIMER_MS = 250;
const DOUBLE_CLICK_MS = 500;
const SIP_BUSY = 486;
const SIP_DECLINE = 603;

export class CallCard {
  #parts;
  #seen = { isAnswering: false, isReconnecting: false };
  #acceptedAtMs; // of performance.now(); undefined where it is not known
  #stopLevels;
  #timer;
  #on;
  #lastWords;

  /**
   * @param call of the SDK, ringing or live
   * @param {string} name the page's own name for the far end, if it knows one
   * @param {object} on `talking(card)` before this call gets the agent's ear, `change(card)`, `redial(address)`,
   *   `dismiss(card)`, `diagnostics()` to download them
   */
  constructor(call, name, on) {
    this.call = call;
    this.address = call.remoteIdentity ?? '';
    this.title = call.remoteDisplayName || name || formatAddress(this.address) || 'Unknown caller';
    this.element = byId('call-template').content.firstElementChild.cloneNode(true);
    this.#parts = partsOf(this.element);
    this.#on = on;
    fillInCaller(this.#parts, this);
    this.#parts.keypad.append(
      createKeypad((digit) => this.sendDigit(digit), { label: 'Tones', testId: 'dtmf' }),
    );
    this.#bindControls();
    logCall(call, this.title);
    bindQualityPanel(call, this.#parts, this.title);
    bindCallHints(call, this.#parts.hints);
    bindVolume(call, this.#parts);
    this.#followCall();
    if (call.getStatus() === 'accepted') this.#start(); // of a page before, or of another tab
    this.#draw();
  }

  get isOver() {
    return this.#seen.end !== undefined;
  }

  get isRinging() {
    return !this.isOver && this.call.direction === 'inbound' && this.call.getStatus() === 'ringing';
  }

  get isTalking() {
    return this.call.getStatus() === 'accepted' && !this.call.isOnHold();
  }

  async accept() {
    if (!this.isRinging || this.#seen.isAnswering) return;
    this.#note({ isAnswering: true, error: undefined });
    this.#on.talking(this);
    try {
      await this.call.accept();
    } catch (error) {
      // A microphone that fails leaves the call ringing: it can be accepted again.
      this.#fail(error);
    }
    this.#note({ isAnswering: false });
  }

  decline(statusCode = SIP_BUSY) {
    if (this.isRinging) this.call.reject(statusCode);
  }

  hangUp() {
    void this.call.disconnect();
  }

  toggleMute() {
    this.call.mute(!this.call.isMuted());
  }

  toggleHold() {
    const isWanted = !this.call.isOnHold();
    if (!isWanted) this.#on.talking(this);
    // Not awaited: a failure arrives as the call's `error` event.
    void this.call.hold(isWanted);
  }

  sendDigit(digit) {
    this.#parts.digits.value += digit;
    void this.call.sendDigits(digit);
  }

  #bindControls() {
    const parts = this.#parts;
    const onClick = (part, run) => part.addEventListener('click', run);
    onClick(parts.accept, () => this.accept());
    onClick(parts.decline, () => this.decline());
    onClick(parts.doNotDisturb, () => this.decline(SIP_DECLINE));
    // These appear where Accept was: the second half of a double click on it is not meant for them.
    const onLiveClick = (part, run) =>
      onClick(part, ({ detail }) => {
        const isSecondHalf = detail > 1 && performance.now() - this.#acceptedAtMs < DOUBLE_CLICK_MS;
        if (!isSecondHalf) run();
      });
    onLiveClick(parts.mute, () => this.toggleMute());
    onLiveClick(parts.hold, () => this.toggleHold());
    onLiveClick(parts.hangUp, () => this.hangUp());
    onClick(parts.keypadToggle, () => this.#showKeypad(parts.keypad.hidden));
    onClick(parts.redial, () => this.#on.redial(this.address));
    onClick(parts.diagnostics, () => this.#on.diagnostics());
    onClick(parts.dismiss, () => this.#on.dismiss(this));
    parts.keypad.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.#showKeypad(false);
      parts.keypadToggle.focus();
    });
  }

  #followCall() {
    const { call } = this;
    for (const event of ['ringing', 'mute', 'remoteHold']) call.on(event, () => this.#draw());
    call.on('accepted', () => {
      this.#acceptedAtMs = performance.now();
      this.#start();
      this.#note({ error: undefined });
    });
    call.on('hold', () => this.#note({ error: undefined }));
    call.on('reconnecting', () => this.#note({ isReconnecting: true }));
    call.on('reconnected', () => this.#note({ isReconnecting: false }));
    call.on('error', (error) => this.#fail(error));
    call.on('disconnect', (end) => {
      clearInterval(this.#timer);
      this.#stopLevels?.();
      showSummary(call, end, this.#parts);
      this.#note({ end });
    });
  }

  #start() {
    const report = reportOf(this.call);
    if (report) this.#acceptedAtMs ??= performance.now() - report.durationMs;
    this.#timer = setInterval(() => this.#drawTimer(), TIMER_MS);
    this.#stopLevels = followLevels(this.call, this.#parts);
  }

  #note(seen) {
    Object.assign(this.#seen, seen);
    this.#draw();
  }

  #fail(error) {
    logError(error);
    this.#note({ error });
  }

  #showKeypad(isShown) {
    this.#parts.keypad.hidden = !isShown;
    this.#parts.keypadToggle.ariaExpanded = String(isShown);
    if (isShown) this.#parts.keypad.querySelector('button').focus();
  }

  #draw() {
    const { call, element } = this;
    const hadFocus = element.contains(document.activeElement);
    const [state, words] = describeState(call, this.#seen);
    element.dataset.state = state;
    this.#parts.state.textContent = words;
    drawControls(this.#parts, this, this.#seen);
    this.#drawTimer();

    // What had the focus may be gone: keep it on the card, where no key does anything by accident.
    if (hadFocus && document.activeElement?.closest('[hidden], :disabled')) element.focus();
    if (words !== this.#lastWords) announce(`${this.title}: ${words}`, state === 'incoming');
    this.#lastWords = words;
    this.#on.change(this);
  }

  #drawTimer() {
    const elapsedMs = this.#acceptedAtMs === undefined ? 0 : performance.now() - this.#acceptedAtMs;
    const text =
      this.#acceptedAtMs === undefined ? '' : formatDuration(this.#seen.end?.durationMs ?? elapsedMs);
    if (this.#parts.timer.textContent !== text) this.#parts.timer.textContent = text;
  }
}

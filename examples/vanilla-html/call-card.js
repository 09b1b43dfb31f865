/**
 * One call on the screen, from its first ring to how it ended. Everything shown is drawn from the call itself
 * at each of its events, so that the card cannot disagree with the call.
 */
import { announce, byId, make, partsOf } from './dom.js';
import { adviceFor } from './error-advice.js';
import { describeEnd, formatAddress, formatDuration, initialsOf } from './format.js';
import { createKeypad } from './keypad.js';
import { watchLevels } from './levels.js';
import { log, logError } from './event-log.js';

const TIMER_MS = 250;
const DOUBLE_CLICK_MS = 500;
const SIP_BUSY = 486;
const SIP_DECLINE = 603;

export class CallCard {
  #parts;
  #end;
  #error;
  #acceptedAtMs;
  #isAnswering = false;
  #stopLevels;
  #timer;
  #on;
  #lastState;

  /**
   * @param call of the SDK
   * @param {string} name the page's own name for the far end, if it knows one
   * @param {object} on `talking(card)` before this call gets the agent's ear, `change(card)`, `redial(address)`,
   *   `dismiss(card)`
   */
  constructor(call, name, on) {
    this.call = call;
    this.address = call.remoteIdentity ?? '';
    this.title = call.remoteDisplayName || name || formatAddress(this.address) || 'Unknown caller';
    this.element = byId('call-template').content.firstElementChild.cloneNode(true);
    this.#parts = partsOf(this.element);
    this.#on = on;
    this.#fillIn();
    this.#bindControls();
    this.#followCall();
    this.#draw();
  }

  get isOver() {
    return this.#end !== undefined;
  }

  get isRinging() {
    return !this.isOver && this.call.direction === 'inbound' && this.call.getStatus() === 'ringing';
  }

  get isTalking() {
    return this.call.getStatus() === 'accepted' && !this.call.isOnHold();
  }

  async accept() {
    if (!this.isRinging || this.#isAnswering) return;
    this.#isAnswering = true;
    this.#error = undefined;
    this.#draw();
    this.#on.talking(this);
    try {
      await this.call.accept();
    } catch (error) {
      // A microphone that fails leaves the call ringing: it can be accepted again.
      this.#fail(error);
    }
    this.#isAnswering = false;
    this.#draw();
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

  #fillIn() {
    const { name, address, avatar, headers } = this.#parts;
    const shown = formatAddress(this.address);
    name.textContent = this.title;
    name.title = this.title; // long names are cut
    avatar.textContent = initialsOf(this.title);
    address.textContent = shown.toLowerCase() === this.title.toLowerCase() ? '' : shown;
    for (const [header, value] of Object.entries(this.call.customHeaders)) {
      headers.append(make('div', {}, make('dt', {}, header), make('dd', {}, value)));
    }
    headers.hidden = headers.childElementCount === 0;
    this.#parts.keypad.append(
      createKeypad((digit) => this.sendDigit(digit), { label: 'Tones', testId: 'dtmf' }),
    );
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
    onClick(parts.dismiss, () => this.#on.dismiss(this));
    parts.keypad.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.#showKeypad(false);
      parts.keypadToggle.focus();
    });
  }

  #followCall() {
    const { call } = this;
    const who = this.title;
    log('call', `${call.direction === 'inbound' ? 'Call from' : 'Calling'} ${who}`, this.address);
    call.on('ringing', ({ hasEarlyMedia }) => {
      log('call', `${who} rings`, hasEarlyMedia ? 'with early media' : '');
      this.#draw();
    });
    call.on('accepted', () => {
      this.#acceptedAtMs = performance.now();
      this.#timer = setInterval(() => this.#drawTimer(), TIMER_MS);
      this.#startLevels();
      this.#error = undefined;
      log('call', `Connected to ${who}`);
      this.#draw();
    });
    call.on('mute', (isMuted) => {
      log('call', isMuted ? 'Microphone muted' : 'Microphone on');
      this.#draw();
    });
    call.on('hold', (isOnHold) => {
      this.#error = undefined;
      log('call', isOnHold ? `${who} put on hold` : `Back with ${who}`);
      this.#draw();
    });
    call.on('remoteHold', (isOnHold) => {
      log('call', isOnHold ? `${who} put you on hold` : `${who} is back`);
      this.#draw();
    });
    call.on('error', (error) => this.#fail(error));
    call.on('disconnect', (info) => {
      this.#end = info;
      clearInterval(this.#timer);
      this.#stopLevels?.();
      log(
        'call',
        `Call with ${who} ended: ${info.reason}`,
        `${info.code ?? ''} ${info.cause} (${info.initiator})`.trim(),
      );
      this.#draw();
    });
  }

  #fail(error) {
    this.#error = error;
    logError(error);
    this.#draw();
  }

  #startLevels() {
    const { connection } = this.call.session;
    const { microphoneLevel, farLevel } = this.#parts;
    if (!connection) return;
    this.#stopLevels = watchLevels(connection, ({ microphone, farEnd }) => {
      microphoneLevel.style.setProperty('--level', microphone.toFixed(3));
      farLevel.style.setProperty('--level', farEnd.toFixed(3));
    });
  }

  #showKeypad(isShown) {
    this.#parts.keypad.hidden = !isShown;
    this.#parts.keypadToggle.ariaExpanded = String(isShown);
    if (isShown) this.#parts.keypad.querySelector('button').focus();
  }

  /** The state of the card, which decides its colours, and its words. */
  #state() {
    const { call } = this;
    if (this.#end)
      return [
        this.#end.durationMs > 0 || !this.#error ? 'ended' : 'failed',
        describeEnd(this.#end, call.direction),
      ];
    if (this.#isAnswering) return ['incoming', 'Connecting'];
    if (this.isRinging) return ['incoming', 'Incoming call'];
    if (call.getStatus() === 'accepted') {
      if (call.isOnHold()) return ['held', 'On hold'];
      if (call.isOnRemoteHold()) return ['held', 'They put you on hold'];
      return call.isMuted() ? ['muted', 'Muted'] : ['live', 'Connected'];
    }
    return ['dialing', call.getStatus() === 'ringing' ? 'Ringing' : 'Calling'];
  }

  #draw() {
    const { call, element } = this;
    const parts = this.#parts;
    const hadFocus = element.contains(document.activeElement);
    const [state, words] = this.#state();
    const isAccepted = !this.isOver && call.getStatus() === 'accepted';

    element.dataset.state = state;
    parts.state.textContent = words;
    parts.note.textContent = this.#error ? adviceFor(this.#error).text : '';
    parts.meters.hidden = !isAccepted;
    parts.incomingActions.hidden = !this.isRinging;
    parts.liveActions.hidden = this.isOver || this.isRinging;
    parts.endedActions.hidden = !this.isOver;
    if (!isAccepted) parts.keypad.hidden = true;
    for (const part of [parts.accept, parts.decline, parts.doNotDisturb]) part.disabled = this.#isAnswering;
    for (const part of [parts.hold, parts.keypadToggle]) part.disabled = !isAccepted;

    parts.mute.ariaPressed = String(call.isMuted());
    parts.muteText.textContent = call.isMuted() ? 'Unmute' : 'Mute';
    parts.hold.ariaPressed = String(call.isOnHold());
    parts.holdText.textContent = call.isOnHold() ? 'Resume' : 'Hold';
    parts.hangUpText.textContent = isAccepted ? 'Hang up' : 'Cancel';
    parts.redialText.textContent = call.direction === 'inbound' ? 'Call back' : 'Call again';
    parts.redial.disabled = this.address === '';
    this.#drawTimer();

    // What had the focus may be gone: keep it on the card, where no key does anything by accident.
    if (hadFocus && document.activeElement?.closest('[hidden], :disabled')) element.focus();
    if (words !== this.#lastState) announce(`${this.title}: ${words}`, state === 'incoming');
    this.#lastState = words;
    this.#on.change(this);
  }

  #drawTimer() {
    const elapsedMs = this.#acceptedAtMs === undefined ? 0 : performance.now() - this.#acceptedAtMs;
    const text = this.#acceptedAtMs === undefined ? '' : formatDuration(this.#end?.durationMs ?? elapsedMs);
    if (this.#parts.timer.textContent !== text) this.#parts.timer.textContent = text;
  }
}

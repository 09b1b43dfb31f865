/** All calls of the agent: one card each, and at most one of them has the agent's ear. */
import { byId } from './dom.js';
import { CallCard } from './call-card.js';

const calls = byId('calls');
const idle = byId('idle');

export class CallStage {
  #cards = [];
  #nameOf;
  #on;

  /**
   * @param {(address: string) => string | undefined} nameOf the page's name for an address
   * @param {{ redial: (address: string) => void, diagnostics: () => void }} on what a card asks of the page
   */
  constructor(nameOf, on) {
    this.#nameOf = nameOf;
    this.#on = on;
  }

  add(call) {
    // With `multiTab` the same call may be told of twice: shared by another tab, then carried by this one.
    if (this.#cards.some((card) => card.call === call)) return;
    // Ended calls stay until the next one, unless that would move a live card under the agent's hand.
    if (this.#cards.every(({ isOver }) => isOver)) this.clear();
    const card = new CallCard(call, this.#nameOf(call.remoteIdentity ?? ''), {
      talking: (other) => this.#holdAllBut(other),
      change: () => this.#draw(),
      redial: this.#on.redial,
      diagnostics: this.#on.diagnostics,
      dismiss: (done) => this.#remove(done),
    });
    this.#cards.push(card);
    calls.append(card.element);
    card.element.scrollIntoView({ block: 'nearest' });
    this.#draw();
  }

  /** Before another call begins: the far end that is left alone should know. */
  holdAll() {
    this.#holdAllBut(undefined);
  }

  clear() {
    this.#cards = [];
    calls.replaceChildren();
    this.#draw();
  }

  get isBusy() {
    return this.#cards.some(({ isOver }) => !isOver);
  }

  /** The call that rings here and has waited longest. */
  get ringing() {
    return this.#cards.find(({ isRinging }) => isRinging);
  }

  /** The call that the agent talks in, else one on hold or on its way. */
  get current() {
    const live = this.#cards.filter(({ isOver, isRinging }) => !isOver && !isRinging);
    return live.find(({ isTalking }) => isTalking) ?? live.at(-1);
  }

  #holdAllBut(card) {
    for (const other of this.#cards) if (other !== card && other.isTalking) other.toggleHold();
  }

  #remove(card) {
    this.#cards = this.#cards.filter((other) => other !== card);
    card.element.remove();
    this.#draw();
    byId('number').focus();
  }

  #draw() {
    idle.hidden = this.#cards.length > 0;
    document.body.dataset.calls = String(this.#cards.length);
    document.title = this.ringing
      ? `Incoming: ${this.ringing.title}`
      : this.current
        ? `In a call: ${this.current.title}`
        : 'Agent desk';
  }
}

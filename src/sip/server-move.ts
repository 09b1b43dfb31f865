import type { SipConnection } from './connection';
import type { RawResponse, RawTransaction, RawUserAgent } from './jssip';

// RFC 3261 sections 21.4.2, 21.4.8 and 21.4.17: JsSIP asks again, over the same connection.
const ASKED_AGAIN = [401, 407, 423];

/**
 * Takes the binding along when the connection returns to the preferred server: registers over the new connection
 * while the former one still serves. Whatever goes wrong there, nobody is told: the former one goes on.
 */
export class ServerMove {
  readonly #raw: RawUserAgent;
  readonly #connection: SipConnection;
  readonly #mayRegister: () => boolean;
  #register: RawTransaction | undefined;

  /** @param mayRegister false when the binding is being removed */
  constructor(raw: RawUserAgent, connection: SipConnection, mayRegister: () => boolean) {
    this.#raw = raw;
    this.#connection = connection;
    this.#mayRegister = mayRegister;
    connection.onmoveready = () => {
      const { _registered: isRegistered, _registering: isBusy } = raw._registrator;
      // The answer to one under way would be taken for that to the new one.
      if (isRegistered && !isBusy) raw.register();
      else connection.settleMove(false);
    };
    connection.onmovefailed = () => {
      this.#register?.onTransportError();
    };
  }

  /** For each REGISTER, before it is sent. */
  watch(transaction: RawTransaction): void {
    if (!this.#connection.isMoving) return;
    this.#register = transaction;
    const { eventHandlers } = transaction;
    eventHandlers.onRequestTimeout = eventHandlers.onTransportError = () => {
      this.#connection.settleMove(false);
      this.#registerHere();
    };
  }

  /** For each answer to REGISTER: true when it has been dealt with, because the move is off. */
  endedBy({ status_code: statusCode }: RawResponse): boolean {
    if (!this.#connection.isMoving || statusCode < 200 || ASKED_AGAIN.includes(statusCode)) return false;
    if (this.#connection.settleMove(statusCode < 300)) return false;
    this.#registerHere();
    return true;
  }

  /** The binding may be at the server that we did not move to. */
  #registerHere(): void {
    this.#register = undefined;
    this.#raw._registrator._registering = false;
    if (this.#raw.isConnected() && this.#mayRegister()) this.#raw.register();
  }
}

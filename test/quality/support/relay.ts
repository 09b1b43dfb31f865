import { createSocket, type Socket } from 'node:dgram';

/** What the network does to every packet, in either direction. */
export interface Network {
  readonly lossRatio: number;
  /** One way. */
  readonly delayMs: number;
  /** Whether connectivity checks and RTCP get through whatever the loss. */
  readonly sparesControl?: boolean;
}

/** What the network did to RTP packets in one direction. */
export interface Truth {
  readonly packets: number;
  readonly lost: number;
  /** Mean over those that went through: timers of a busy machine are late. */
  readonly delayMs: number;
}

const SEED = 20_240_115;
const CLEAN: Network = { lossRatio: 0, delayMs: 0 };

/** RFC 5761 section 4: a payload type of 64 to 95 is a packet of RTCP. */
function isRtp(packet: Buffer): boolean {
  const type = (packet[1] ?? 0) & 0x7f;
  return (packet[0] ?? 0) >> 6 === 2 && !(type >= 64 && type <= 95);
}

/** One end of the relay: what arrives here is from its owner, and what the other owner sends leaves from here. */
class Side {
  readonly socket: Socket = createSocket('udp4');
  owner: { readonly port: number; readonly address: string } | undefined;
  packets = 0;
  lost = 0;
  delayedMs = 0;
  #random = 0;

  async bind(): Promise<void> {
    await new Promise<void>((bound) => this.socket.bind(0, '127.0.0.1', bound));
  }

  get port(): number {
    return this.socket.address().port;
  }

  seed(seed: number): void {
    this.#random = seed;
  }

  /** A linear congruential generator (Numerical Recipes), from 0 to 1. */
  random(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }
}

/**
 * A network between two peers: each knows only the port of its own side, and packets come out of the other one. Where
 * the peers are, it learns from what they send.
 */
export class Relay {
  readonly #left = new Side();
  readonly #right = new Side();
  readonly #timers = new Map<NodeJS.Timeout, () => void>();
  #network = CLEAN;

  static async open(): Promise<Relay> {
    const relay = new Relay();
    await Promise.all([relay.#left.bind(), relay.#right.bind()]);
    relay.#connect(relay.#left, relay.#right);
    relay.#connect(relay.#right, relay.#left);
    return relay;
  }

  get leftPort(): number {
    return this.#left.port;
  }

  get rightPort(): number {
    return this.#right.port;
  }

  /**
   * From now on. What is under way arrives at once, so that nothing overtakes. Of each direction the same packets of RTP
   * are lost each time, counted from here.
   */
  become(network: Network): void {
    this.#left.seed(SEED);
    this.#right.seed(SEED);
    for (const [timer, deliver] of this.#timers) {
      clearTimeout(timer);
      deliver();
    }
    this.#timers.clear();
    this.#network = network;
  }

  /** What the left side has been through since the last call: packets to it, from the right. */
  takeTruth(): Truth {
    const { packets, lost, delayedMs } = this.#right;
    Object.assign(this.#right, { packets: 0, lost: 0, delayedMs: 0 });
    return { packets, lost, delayMs: packets > lost ? delayedMs / (packets - lost) : 0 };
  }

  close(): void {
    for (const timer of this.#timers.keys()) clearTimeout(timer);
    this.#left.socket.close();
    this.#right.socket.close();
  }

  #connect(from: Side, to: Side): void {
    from.socket.on('message', (packet, sender) => {
      from.owner = sender;
      const { lossRatio, delayMs, sparesControl = false } = this.#network;
      const counts = isRtp(packet);
      if (counts) from.packets += 1;
      const isLost = counts ? from.random() < lossRatio : !sparesControl && Math.random() < lossRatio;
      if (isLost) {
        if (counts) from.lost += 1;
        return;
      }
      const cameAtMs = performance.now();
      const deliver = () => {
        if (counts) from.delayedMs += performance.now() - cameAtMs;
        if (to.owner) to.socket.send(packet, to.owner.port, to.owner.address);
      };
      if (delayMs === 0) {
        deliver();
        return;
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        deliver();
      }, delayMs);
      this.#timers.set(timer, deliver);
    });
  }
}

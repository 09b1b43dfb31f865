/** Who can be called: the customers by number and by name, and the agents who have ever logged in. */
import type { Destination, Directory } from '../sip/proxy';
import type { CustomerOptions } from '../contract/customer';
import { JsSipCustomer, type CustomerWorld } from './customer';
import { builtInCustomers, deadNumbers } from './table';

/** First number for customers without one; +1 202 555 01xx is reserved for fiction. */
const firstFreeNumber = 12025550120;
/** A bound on memory. */
const maxKnownAgents = 10_000;

/** `+1 202`, `1202` and `+1202` are the same number. */
const keyOf = (user: string): string => user.toLowerCase().replace(/^\+/, '');

export class CustomerDirectory implements Directory {
  readonly #byKey = new Map<string, JsSipCustomer>();
  readonly #customers: JsSipCustomer[] = [];
  readonly #agents = new Set<string>();
  #world: CustomerWorld | undefined;
  #nextNumber = firstFreeNumber;

  open(world: CustomerWorld): void {
    this.#world = world;
    for (const description of builtInCustomers) this.add(description);
  }

  get customers(): readonly JsSipCustomer[] {
    return this.#customers;
  }

  find(user: string): Destination | undefined {
    const customer = this.#byKey.get(keyOf(user));
    if (customer !== undefined) {
      return { kind: 'customer', number: customer.number, flow: customer.pipe.flow };
    }
    const dead = deadNumbers.find(
      ({ number, name }) => keyOf(number) === keyOf(user) || name === keyOf(user),
    );
    return dead === undefined ? undefined : { kind: 'status', status: dead.status, reason: dead.reason };
  }

  isAgent(user: string): boolean {
    return this.#agents.has(user);
  }

  isReserved(user: string): boolean {
    return this.find(user) !== undefined;
  }

  noteAgent(userUuid: string): void {
    if (this.#agents.size < maxKnownAgents) this.#agents.add(userUuid);
  }

  get(nameOrNumber: string): JsSipCustomer {
    const customer = this.#byKey.get(keyOf(nameOrNumber));
    if (customer !== undefined) return customer;
    const names = this.#customers.map(({ name }) => name).join(', ');
    throw new Error(`no customer "${nameOrNumber}"; there are ${names}`);
  }

  add(options: CustomerOptions): JsSipCustomer {
    if (this.#world === undefined) throw new Error('the sandbox is closed');
    const number = options.number ?? this.#freeNumber();
    const keys = [number, options.name ?? number].map(keyOf);
    const taken = keys.find((key) => this.find(key) !== undefined || this.#agents.has(key));
    if (taken !== undefined) throw new Error(`"${taken}" is already somebody's number or name`);
    const customer = new JsSipCustomer({ ...options, number }, this.#world);
    for (const key of keys) this.#byKey.set(key, customer);
    this.#customers.push(customer);
    return customer;
  }

  /** For a page that shows whom one can call. */
  list(): { number: string; name: string; description: string }[] {
    return [...builtInCustomers, ...deadNumbers].map(({ number, name, description }) => ({
      number,
      name,
      description,
    }));
  }

  /** Lets the customers hang up before they are closed. */
  stop(): void {
    this.#world = undefined;
    for (const customer of this.#customers) customer.stop();
  }

  close(): void {
    this.stop();
    for (const customer of this.#customers) customer.close();
  }

  #freeNumber(): string {
    while (this.find(`${this.#nextNumber}`) !== undefined) this.#nextNumber += 1;
    const number = `+${this.#nextNumber}`;
    this.#nextNumber += 1;
    return number;
  }
}

/** What a scenario works with: the cell's world and browsers, and everything opened for it, closed at its end. */
import type { BrowserName, LabBrowser } from '../../support/lab-page';
import { Phone, type PhoneOptions } from '../../support/phone';
import { SEAT_HZ, browserFor } from './browsers';
import type { FarPhone, FarPhoneOptions } from './far-end';
import type { FarEndKind, World } from './world';

/** An agent in a browser, with the pitch of their microphone. */
export interface Agent {
  readonly user: string;
  readonly hz: number;
  readonly phone: Phone;
}

export interface AgentOptions extends Omit<PhoneOptions, 'userUuid'> {
  /** Whose phone it is. Default: an agent of their own. */
  readonly user?: string;
  /** False leaves the Device created but unregistered. Default true. */
  readonly registered?: boolean;
}

let users = 0;

export class Lab {
  readonly #phones: Phone[] = [];
  readonly #farPhones: FarPhone[] = [];
  readonly #after: (() => Promise<void> | void)[] = [];
  readonly users: string[] = [];

  /** @param browsers of the seats, in turn */
  constructor(
    readonly world: World,
    private readonly browsers: readonly BrowserName[],
  ) {}

  /** A user_uuid that no other cell has. */
  newUser(name = 'agent'): string {
    users += 1;
    const user = `${name}-${users}`;
    this.users.push(user);
    return user;
  }

  browser(seat: number): Promise<LabBrowser> {
    return browserFor(this.browsers[seat % this.browsers.length] ?? 'chromium', seat);
  }

  /** Opens the next seat: every agent has a browser with a microphone of its own pitch. */
  async agent(options: AgentOptions = {}): Promise<Agent> {
    const seat = this.#phones.length;
    const { user = this.newUser(), registered = true, ...more } = options;
    const browser = await this.browser(seat);
    const phone = await Phone.created(browser, this.world, { ...more, userUuid: user });
    this.#phones.push(phone);
    if (registered) await phone.page.evaluate(() => window.sdkPhone.device.register());
    return { user, hz: SEAT_HZ[seat] ?? 0, phone };
  }

  async farPhone(kind: FarEndKind, options?: FarPhoneOptions): Promise<FarPhone> {
    const phone = await (await this.world.farEnd(kind)).phone(options);
    this.#farPhones.push(phone);
    return phone;
  }

  /** Runs when the scenario is over and its pages are closed, in reverse order. */
  after(clean: () => Promise<void> | void): void {
    this.#after.push(clean);
  }

  /** Closes all of it, even when some of it cannot be closed; then says what failed first. */
  async close(): Promise<void> {
    const steps = [
      ...this.#phones.map((phone) => () => phone.close()),
      ...this.#farPhones.map((phone) => () => phone.close()),
      ...this.#after.reverse(),
    ];
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

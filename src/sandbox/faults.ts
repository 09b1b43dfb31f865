/** What can go wrong on purpose, for tests of recovery. */
import type { Flow } from './sip/flow';
import type { Registrar } from './sip/registrar';

export class Faults {
  /** @internal */
  constructor(
    private readonly agentFlows: (userUuid?: string) => Flow[],
    private readonly registrar: Registrar,
  ) {}

  /** Cuts the sockets of one agent, or of all; returns how many. Media is not touched. */
  dropSockets(userUuid?: string): number {
    const flows = this.agentFlows(userUuid);
    for (const flow of flows) flow.close();
    return flows.length;
  }

  /**
   * Makes the sockets of one agent, or of all, carry nothing more while they seem open, as after a change of
   * networks; returns how many. Sockets opened later are not affected.
   */
  freezeSockets(userUuid?: string): number {
    const flows = this.agentFlows(userUuid);
    for (const flow of flows) flow.isFrozen = true;
    return flows.length;
  }

  /** Lets frozen sockets carry again; what was sent meanwhile is lost. */
  thawSockets(userUuid?: string): void {
    for (const flow of this.agentFlows(userUuid)) flow.isFrozen = false;
  }

  /** Forgets the registrations of an agent, as a restarted registrar would; its sockets stay open. */
  forgetRegistrations(userUuid: string): void {
    this.registrar.expel(userUuid);
  }
}

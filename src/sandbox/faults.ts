/** Faults on purpose, by what sockets and the registrar can be made to do. */
import type { Faults } from './contract/faults';
import type { Flow } from './sip/flow';
import type { Registrar } from './sip/registrar';

export class SocketFaults implements Faults {
  constructor(
    private readonly agentFlows: (userUuid?: string) => Flow[],
    private readonly registrar: Registrar,
  ) {}

  dropSockets(userUuid?: string): number {
    const flows = this.agentFlows(userUuid);
    for (const flow of flows) flow.close();
    return flows.length;
  }

  freezeSockets(userUuid?: string): number {
    const flows = this.agentFlows(userUuid);
    for (const flow of flows) flow.isFrozen = true;
    return flows.length;
  }

  thawSockets(userUuid?: string): void {
    for (const flow of this.agentFlows(userUuid)) flow.isFrozen = false;
  }

  forgetRegistrations(userUuid: string): void {
    this.registrar.expel(userUuid);
  }
}

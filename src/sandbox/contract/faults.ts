/** What can go wrong on purpose, for tests of recovery. Audio is not touched by any of it. */
export interface Faults {
  /** Cuts the WebSockets of one agent, or of all agents; returns how many. */
  dropSockets(userUuid?: string): number;
  /**
   * Makes the WebSockets of one agent, or of all agents, carry nothing more while they seem open, as after a
   * change of networks; returns how many. Those opened later are not affected.
   */
  freezeSockets(userUuid?: string): number;
  /** Lets frozen WebSockets carry again; what was sent meanwhile is lost. */
  thawSockets(userUuid?: string): void;
  /** Forgets the registrations of an agent, as a restarted registrar would; its WebSockets stay open. */
  forgetRegistrations(userUuid: string): void;
}

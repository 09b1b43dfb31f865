/**
 * Whether the agent has interacted with this page, so that it may play sound (sticky activation, HTML standard). False
 * also where the browser does not say.
 */
export function wasInteractedWith(): boolean {
  // Absent in older browsers, and on a server.
  const { navigator } = globalThis as { navigator?: { userActivation?: { hasBeenActive: boolean } } };
  return navigator?.userActivation?.hasBeenActive === true;
}

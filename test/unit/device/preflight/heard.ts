/** What the microphone gives in these tests. */
export const heard = {
  /** Undefined: the browser measures nothing. */
  peakDbfs: -20 as number | undefined,
  /** Where the code that measures was to be. */
  workletUrl: undefined as string | undefined,
  /** How often a measurement was ended. */
  stopped: 0,
};

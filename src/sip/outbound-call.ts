/** What one outbound INVITE needs. */
export interface OutboundCall {
  readonly to: string;
  /** Caller ID: user part of From. */
  readonly from?: string;
  readonly displayName?: string;
  /** Checked header lines. */
  readonly extraHeaders: readonly string[];
  /** May still be pending: the connection is set up meanwhile. */
  readonly stream: Promise<MediaStream>;
}

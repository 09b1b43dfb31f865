/** How many audio packets `connection` has received; undefined where it does not say. */
export async function packetsReceived(connection: RTCPeerConnection): Promise<number | undefined> {
  let packets: number | undefined;
  (await connection.getStats()).forEach((stats: unknown) => {
    const { type, kind, packetsReceived: count } = stats as Record<string, unknown>;
    if (type === 'inbound-rtp' && kind === 'audio' && typeof count === 'number')
      packets = (packets ?? 0) + count;
  });
  return packets;
}

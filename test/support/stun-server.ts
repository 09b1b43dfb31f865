/** A STUN server (RFC 8489) on loopback that tells everybody of the same made-up public address. */
import { createSocket } from 'node:dgram';

const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
/** Kept for documentation (RFC 5737). */
const PUBLIC_ADDRESS = 0xcb00710a;

export interface StunServer {
  /** `stun:127.0.0.1:port`. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startStunServer(): Promise<StunServer> {
  const socket = createSocket('udp4');
  socket.on('message', (request, { address, port }) => {
    if (request.length < 20 || request.readUInt16BE(0) !== BINDING_REQUEST) return;
    const answer = Buffer.alloc(32);
    answer.writeUInt16BE(BINDING_SUCCESS, 0);
    answer.writeUInt16BE(12, 2);
    request.copy(answer, 4, 4, 20);
    answer.writeUInt16BE(XOR_MAPPED_ADDRESS, 20);
    answer.writeUInt16BE(8, 22);
    answer.writeUInt16BE(0x0001, 24);
    answer.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 26);
    answer.writeUInt32BE((PUBLIC_ADDRESS ^ MAGIC_COOKIE) >>> 0, 28);
    socket.send(answer, port, address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    url: `stun:127.0.0.1:${socket.address().port}`,
    close: () =>
      new Promise((resolve) => {
        socket.close(() => {
          resolve();
        });
      }),
  };
}

/** A registrar that lets everybody in: for phones that are tested without a server. */
import { createSocket } from 'node:dgram';
import { parseSipMessage, SipRequest } from '../../support/wire/sip-message';

export interface OpenRegistrar {
  /** `host:port`. */
  readonly server: string;
  /** The newest Contact URI of a user. */
  contactOf(user: string): string | undefined;
  close(): void;
}

/** Headers that an answer takes over (RFC 3261 section 8.2.6.2), and the Contact that a registrar confirms. */
const answered = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact'];

export async function openRegistrar(host = '127.0.0.1'): Promise<OpenRegistrar> {
  const contacts = new Map<string, string>();
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { address, port }) => {
    const request = parseSipMessage(bytes.toString());
    if (!(request instanceof SipRequest) || request.method !== 'REGISTER') return;
    const user = /sip:([^@]+)@/.exec(request.header('to') ?? '')?.[1];
    if (user !== undefined && request.contactUri !== undefined) contacts.set(user, request.contactUri);
    const headers = answered.flatMap((name) => request.all(name).map((value) => `${name}: ${value}`));
    socket.send(['SIP/2.0 200 OK', ...headers, 'Content-Length: 0', '', ''].join('\r\n'), port, address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, host, resolve);
  });
  return {
    server: `${host}:${socket.address().port}`,
    contactOf: (user) => contacts.get(user),
    close: () => {
      socket.close();
    },
  };
}

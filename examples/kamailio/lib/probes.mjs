/** Questions that tell whether a server serves: one try each, true or false. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const PATIENCE_MS = 250;

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function acceptsTcp(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(PATIENCE_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/**
 * Asks RTPengine for a pong, in its control protocol.
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function answersNg(host, port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (result) => {
      clearTimeout(patience);
      socket.close();
      resolve(result);
    };
    const patience = setTimeout(() => end(false), PATIENCE_MS);
    socket.once('message', (answer) => end(answer.includes('pong')));
    socket.once('error', () => end(false));
    // Connected, so that a port where nobody listens is an error and not a silence.
    socket.connect(port, host, () => socket.send('probe d7:command4:pinge', () => undefined));
  });
}

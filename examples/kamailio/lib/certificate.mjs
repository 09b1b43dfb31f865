/** A certificate authority of our own and a server certificate by it, for an edge that runs on this machine. */
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = promisify(execFile);
const DAYS = '30';

/**
 * @param {string} directory where the files go
 * @param {readonly string[]} names host names and addresses that the certificate is good for
 * @returns {Promise<import('../edge.d.mts').EdgeCertificate>}
 */
export async function createCertificate(directory, names) {
  const file = (name) => join(directory, name);
  const run = (...args) => openssl('openssl', args);
  const key = (name) => run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file(name));
  await Promise.all([key('ca.key'), key('server.key')]);

  await run(
    ...['req', '-x509', '-new', '-key', file('ca.key'), '-days', DAYS, '-out', file('ca.pem')],
    ...['-subj', '/CN=Local edge authority'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  );
  const alternatives = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  await writeFile(
    file('server.ext'),
    [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      'extendedKeyUsage=serverAuth',
      `subjectAltName=${alternatives}`,
    ].join('\n'),
  );
  await run(
    'req',
    '-new',
    '-key',
    file('server.key'),
    '-subj',
    `/CN=${names[0]}`,
    '-out',
    file('server.csr'),
  );
  await run(
    ...['x509', '-req', '-in', file('server.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-CAcreateserial', '-days', DAYS, '-extfile', file('server.ext'), '-out', file('server.pem')],
  );

  const pem = await readFile(file('server.pem'), 'utf8');
  await writeFile(file('server-and-key.pem'), pem + (await readFile(file('server.key'), 'utf8')), {
    mode: 0o600,
  });

  const certificate = new X509Certificate(pem);
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return {
    caFile: file('ca.pem'),
    certificateFile: file('server.pem'),
    keyFile: file('server.key'),
    certificateAndKeyFile: file('server-and-key.pem'),
    fingerprint256: certificate.fingerprint256,
    spkiSha256: createHash('sha256').update(spki).digest('base64'),
  };
}

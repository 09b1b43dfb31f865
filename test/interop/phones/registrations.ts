/** Many phones that register, as SIPp plays them: each a challenge and a REGISTER with credentials of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from './process';

export interface Registrations {
  /** `host:port` of SIP over UDP. */
  readonly server: string;
  readonly domain: string;
  /** Where they come from: an address of this machine. */
  readonly fromHost: string;
  readonly users: readonly { readonly user: string; readonly username: string; readonly password: string }[];
  readonly perSecond: number;
  /** How long each registration is to last. */
  readonly expiresSeconds: number;
}

const register = (authorization: string, expiresSeconds: number): string => `<send retrans="500"><![CDATA[
REGISTER sip:[field1] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:[field0]@[field1]>;tag=[pid]SIPpTag[call_number]
To: <sip:[field0]@[field1]>
Call-ID: [call_id]
CSeq: [cseq] REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
${authorization}Expires: ${expiresSeconds}
Content-Length: 0

]]></send>`;

/**
 * A REGISTER without credentials that was repeated, because the machine was slow, has one challenge each: the
 * first is answered, the others are let pass.
 */
const scenarioOf = (expiresSeconds: number): string => `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="register">
${register('', expiresSeconds)}
<recv response="401" auth="true"/>
${register('[field2]\n', expiresSeconds)}
<recv response="401" optional="true"/>
<recv response="200"/>
</scenario>
`;

/** SIPp takes a password that begins with "0x" for hexadecimal digits. So all of them are. */
const sippPassword = (password: string): string => `0x${Buffer.from(password).toString('hex')}`;

/**
 * Registers all of them; resolves when the last has its 200.
 * @throws Error (rejection) when one of them has not, with SIPp's last words
 */
export async function registerAll(registrations: Registrations): Promise<void> {
  const { server, domain, fromHost, users, perSecond, expiresSeconds } = registrations;
  const folder = await mkdtemp(join(tmpdir(), 'registrations-'));
  const file = (name: string): string => join(folder, name);
  try {
    const rows = users.map(
      ({ user, username, password }) =>
        `${user};${domain};[authentication username=${username} password=${sippPassword(password)}]`,
    );
    await writeFile(file('users.csv'), ['SEQUENTIAL', ...rows, ''].join('\n'), { mode: 0o600 });
    await writeFile(file('register.xml'), scenarioOf(expiresSeconds));
    const program = Program.start({
      command: 'sipp',
      debianPackage: 'sip-tester',
      args: [
        ...['-sf', file('register.xml'), '-inf', file('users.csv'), '-i', fromHost, '-p', '5060'],
        ...['-r', `${perSecond}`, '-m', `${users.length}`, '-l', `${users.length}`],
        ...['-recv_timeout', '10000', '-timeout', '120', '-timeout_error', '-nostdin', server],
      ],
      cwd: folder,
      logFile: file('sipp.log'),
    });
    try {
      // SIPp's status says whether every one of them came to its end.
      const status = await ended(program);
      if (status !== 'status 0') throw new Error(`sipp ended with ${status}:\n${program.lastLines}`);
    } finally {
      await program.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function ended(program: Program): Promise<string> {
  return new Promise((resolve) => {
    program.once('exit', resolve);
  });
}

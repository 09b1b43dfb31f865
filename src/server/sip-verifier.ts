/** The other side of `sipCredentials`, for SIP servers that are not Kamailio. */
import { isUserUuid } from './agent';
import { minSecretBytes, passwordOf, type ShaAlgorithm } from './ephemeral';
import { includesSecret, readSecrets, type Secrets } from './secrets';

/** Whose credentials they are, and until when. */
export interface SipLoginHolder {
  /** The user part of the address of record. */
  readonly user: string;
  /** The last second that they are good for. */
  readonly expiresAt: Date;
}

/** What the SIP server shares with the API. */
export interface SipVerifierOptions {
  /** As given to `sipCredentials`; of several each is accepted. At least 20 bytes. */
  readonly secret: Secrets;
  /** As given to `sipCredentials`. Default `SHA-1`. */
  readonly shaAlgorithm?: ShaAlgorithm;
}

/** Checks SIP credentials without having stored any. */
export interface SipVerifier {
  /** Reads a user name. Says nothing about whether somebody knows its password; undefined when it is none of ours. */
  holder(username: string): SipLoginHolder | undefined;
  /**
   * The passwords that fit a user name, one for each secret, for digest authentication (RFC 3261 section 22). Also
   * when its time is over: compare `holder(username).expiresAt` once the digest fits, so that only its owner learns
   * why. Empty when the user name is none of ours. Never rejects.
   */
  passwordsOf(username: string): Promise<readonly string[]>;
  /** The holder when the password fits and the time is not over, else undefined. In constant time. Never rejects. */
  verify(username: string, password: string): Promise<SipLoginHolder | undefined>;
}

/**
 * Checks what `sipCredentials` hands out, for a SIP server of your own that is not Kamailio.
 * @throws TypeError for a secret that is missing or too short
 */
export function createSipVerifier({ secret, shaAlgorithm }: SipVerifierOptions): SipVerifier {
  const secrets = readSecrets('secret', secret, minSecretBytes);
  const passwordsOf = async (username: string): Promise<readonly string[]> => {
    if (holderOf(username) === undefined) return [];
    return Promise.all(secrets.map((one) => passwordOf(username, one, shaAlgorithm)));
  };
  return {
    holder: holderOf,
    passwordsOf,
    verify: async (username, password) => {
      const fits = await includesSecret(await passwordsOf(username), password);
      const holder = holderOf(username);
      return fits && holder !== undefined && !isOver(holder.expiresAt) ? holder : undefined;
    },
  };
}

/** As Kamailio counts: good during the whole of its last second. */
export function isOver(expiresAt: Date): boolean {
  return Math.floor(Date.now() / 1000) > Math.floor(expiresAt.getTime() / 1000);
}

function holderOf(username: string): SipLoginHolder | undefined {
  const colon = username.indexOf(':');
  const [time, user] = [username.slice(0, Math.max(colon, 0)), username.slice(colon + 1)];
  if (!/^[1-9][0-9]{0,9}$/.test(time) || !isUserUuid(user)) return undefined;
  return { user, expiresAt: new Date(Number(time) * 1000) };
}

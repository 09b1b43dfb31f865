/** The sandbox as a world. */
import type { Sandbox } from '../../../src/sandbox/index';
import { startPhoneSandbox } from '../../support/phone';
import { customers } from './customers';
import type { SipAccount, World } from './world';

export async function sandboxWorld(): Promise<World> {
  const sandbox = await startPhoneSandbox({ limits: { requestsPerSecond: 500 } });
  const farEnd = customers(sandbox);
  return {
    name: 'sandbox',
    url: sandbox.url,
    apiBaseUrl: sandbox.url,
    wsUrl: sandbox.wsUrl,
    mintToken: (request) => sandbox.mintToken(request),
    registrations: (userUuid) => Promise.resolve(registrationsOf(sandbox, userUuid)),
    account: async (userUuid) => exchange(sandbox, (await sandbox.mintToken({ userUuid })).token),
    expiredAccount: (userUuid) => expired(sandbox, userUuid),
    farEnd: () => Promise.resolve(farEnd),
    trace: (userUuid) =>
      sandbox.trace
        .find(({ peer }) => peer === userUuid)
        .map(({ at, direction, text }) => `${at.toISOString()} ${direction}\n${text}`)
        .join('\n'),
    close: async () => {
      await farEnd.close();
      await sandbox.close();
    },
  };
}

function registrationsOf(sandbox: Sandbox, userUuid: string): number {
  return sandbox.registrations().find(({ user }) => user === userUuid)?.contacts.length ?? 0;
}

async function exchange(sandbox: Sandbox, token: string): Promise<SipAccount> {
  const answer = await fetch(`${sandbox.url}/open/sdk/credentials`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Error(`credentials: HTTP ${answer.status}`);
  return (await answer.json()) as SipAccount;
}

/** Here credentials end with the token that they were exchanged for. */
async function expired(sandbox: Sandbox, userUuid: string): Promise<SipAccount> {
  const { token, expiresAt } = await sandbox.mintToken({ userUuid, ttlSeconds: 2, exact: true });
  const account = await exchange(sandbox, token);
  await new Promise((resolve) => setTimeout(resolve, expiresAt.getTime() - Date.now() + 50));
  return { ...account, expires_at: undefined };
}

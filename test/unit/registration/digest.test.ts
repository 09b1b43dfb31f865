import { describe, expect, it } from 'vitest';
import { PASSWORD } from '../../support/agent';
import { codeOf } from '../../support/recorder';
import { digestHa1 } from '../../support/wire/digest';
import { bench, pass, SECOND, useAgentBench } from './harness';

useAgentBench();

const HASHED = {
  ws_urls: ['wss://pbx.test/ws'],
  sip_uri: 'sip:agent-1@pbx.test',
  authorization_username: 'agent-1',
  ha1: digestHa1('agent-1', 'pbx.test', PASSWORD),
  realm: 'pbx.test',
};

/** Challenges the INVITE as a proxy of `realm` does, and says whether the second one is right. */
async function answersProxyOf(realm: string): Promise<boolean> {
  const { server } = bench;
  const first = await server.next('INVITE');
  first.reply(407, {
    headers: server.registrar.challenge(realm).map((value) => `Proxy-Authenticate: ${value}`),
  });
  const second = await server.next('INVITE');
  return server.registrar.authorised(second, 'Proxy-Authorization', realm);
}

describe('a password', () => {
  it('answers the registrar, and a proxy of another realm, again and again', async () => {
    const device = await bench.registered();
    for (const realm of ['proxy.test', 'pbx.test', 'proxy.test']) {
      void device.connect({ to: '100' });
      expect(await answersProxyOf(realm)).toBe(true);
    }
    await pass(270 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });
});

describe('ha1 and realm instead of a password', () => {
  it.each([
    ['alone', {}],
    ['beside a null password', { password: null as unknown as string }],
    ['beside an empty password', { password: '' }],
  ])('registers, refreshes and answers the proxy of that realm: %s', async (_what, more) => {
    const device = await bench.registered({
      fetchCredentials: () => Promise.resolve({ ...HASHED, ...more }),
    });
    void device.connect({ to: '100' });
    expect(await answersProxyOf('pbx.test')).toBe(true);
    await pass(270 * SECOND);
    expect(device.isRegistered()).toBe(true);
  });

  it('cannot answer another realm: AUTH_ERROR', async () => {
    const credentials = { ...HASHED, realm: 'other.test' };
    const device = bench.device({ fetchCredentials: () => Promise.resolve(credentials) });
    expect(await codeOf(device.register())).toBe('AUTH_ERROR');
  });
});

describe('algorithms', () => {
  it('MD5 is found behind SHA-256', async () => {
    bench.server.registrar.algorithms = ['SHA-256', 'MD5'];
    const device = await bench.registered();
    expect(device.isRegistered()).toBe(true);
  });

  it('SHA-256 alone is AUTH_ERROR, not a hang', async () => {
    bench.server.registrar.algorithms = ['SHA-256'];
    expect(await codeOf(bench.device().register())).toBe('AUTH_ERROR');
  });
});

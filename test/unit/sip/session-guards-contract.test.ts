import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { type RawAgent, startRawAgent } from '../../support/wire/raw-agent';
import { sdpAnswer } from '../../support/wire/sdp';

/** What to read when an assertion below fails after an upgrade. */
function changed(what: string, workAround: string): string {
  return `JsSIP no longer does this: ${what}. Review ${workAround} in src/sip.`;
}

let agent: RawAgent;

beforeEach(async () => {
  agent = await startRawAgent();
});

afterEach(() => {
  agent.stop();
});

it('ends a call whose 200 is not acknowledged yet with a BYE before the ACK', async () => {
  const { session, invite } = await agent.dial();
  const arrived = once(session, 'sdp');
  const dialog = agent.server.accept(invite, { body: sdpAnswer(invite.body) });
  await arrived;
  session.terminate();
  await settle();
  const [first] = agent.server.requests().filter((request) => dialog.owns(request));
  expect(first?.method, changed('BYE before ACK', 'acknowledgeBeforeBye')).toBe('BYE');
});

it.each([
  ['no SDP', ''],
  ['an SDP that the browser refuses', 'v=0\r\nrubbish'],
])('leaves the peer connection open after a 200 with %s', async (_name, body) => {
  const { session, invite } = await agent.dial();
  const failed = once(session, 'failed');
  agent.server.accept(invite, { body });
  await failed;
  await settle();
  const message = changed('it takes the session for closed already', 'closeAfterUnusableAnswer');
  expect(agent.webRtc.live, message).toBe(1);
  expect(agent.server.requests('BYE')).toHaveLength(1);
});

describe('private hooks', () => {
  const missing = (name: string) => `JsSIP has no ${name} any more, and src/sip leans on it`;

  it.each([
    ['_acceptAndTerminate', 'function'],
    ['_is_confirmed', 'boolean'],
    ['_status', 'number'],
  ] as const)('session.%s is a %s', async (name, type) => {
    const { session } = await agent.talk();
    expect(Reflect.get(session, name), missing(`session.${name}`)).toBeTypeOf(type);
  });

  it('dialog._outgoing_ack_seqnum is the CSeq of the next ACK', async () => {
    const { session, dialog, invite } = await agent.talk();
    const message = missing('dialog._outgoing_ack_seqnum');
    expect(session._dialog?._outgoing_ack_seqnum, message).toBe(invite.cseq);
    session.hold();
    const reinvite = await dialog.expect('INVITE');
    expect(session._dialog?._outgoing_ack_seqnum, message).toBe(reinvite.cseq);
  });
});

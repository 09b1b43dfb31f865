/** What src/sip/recovery.ts leans on in the pinned JsSIP, each hook against the unpatched library. */
import RTCSession from 'jssip/lib/RTCSession.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawAgent, startRawAgent } from '../../support/wire/raw-agent';

let agent: RawAgent;

beforeEach(async () => {
  agent = await startRawAgent();
});
afterEach(() => {
  agent.stop();
});

const missing = (name: string) => `JsSIP has no ${name} any more: review src/sip/recovery.ts`;

describe('a session without a call', () => {
  const bare = () => new (RTCSession as unknown as new (ua: unknown) => Record<string, unknown>)(agent.ua);

  it.each([
    '_createDialog',
    '_newRTCSession',
    '_createRTCConnection',
    '_accepted',
    '_confirmed',
    'terminate',
  ])('has %s()', (name) => {
    expect(bare()[name], missing(name)).toBeTypeOf('function');
  });

  it.each(['_id', '_status', '_dialog', '_contact', '_from_tag', '_to_tag', '_request', '_direction'])(
    'keeps %s',
    (name) => {
      expect(bare(), missing(name)).toHaveProperty(name);
    },
  );

  it.each(['_local_identity', '_remote_identity', '_connection', '_is_confirmed'])(
    'keeps %s as well',
    (name) => {
      expect(bare(), missing(name)).toHaveProperty(name);
    },
  );
});

describe('the dialog of a call', () => {
  it.each([
    ['_local_uri', 'object'],
    ['_remote_uri', 'object'],
    ['_remote_target', 'object'],
    ['_route_set', 'object'],
    ['_local_seqnum', 'number'],
    ['id', 'object'],
  ] as const)('keeps %s', async (name, type) => {
    const { session } = await agent.talk();
    expect(session._dialog?.[name], missing(`dialog.${name}`)).toBeTypeOf(type);
  });

  it('is named by Call-ID and tags, and counts what the far end sends in _remote_seqnum', async () => {
    const { session, dialog } = await agent.talk();
    expect(session._dialog?.['id']).toMatchObject({
      call_id: dialog.state.callId,
      local_tag: dialog.state.remoteTag,
      remote_tag: dialog.state.localTag,
    });
    const request = dialog.request('UPDATE');
    await request.response();
    expect(session._dialog?.['_remote_seqnum'], missing('dialog._remote_seqnum')).toBe(request.cseq);
  });
});

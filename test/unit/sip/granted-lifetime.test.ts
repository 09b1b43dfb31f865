import { expect, it } from 'vitest';
import type { RawResponse, RawUserAgent } from '../../../src/sip/jssip';
import { grantedSeconds } from '../../../src/sip/register-answer';

interface Contact {
  readonly user: string;
  readonly params: Readonly<Record<string, string>>;
}

const INSTANCE = '"<urn:uuid:ours>"';
const OTHER_PHONE: Contact = { user: 'desk', params: { '+sip.instance': '"<urn:uuid:desk>"', expires: '7' } };

/** What the server grants to the user agent `ours`, which asked for 300 s. */
function granted(
  contacts: readonly Contact[],
  expiresHeader?: string,
  instance: string | null = INSTANCE,
): number {
  const parsed = contacts.map(({ user, params }) => ({
    raw: '',
    parsed: { uri: { user }, getParam: (name: string) => params[name] },
  }));
  const response = { headers: { Contact: parsed }, getHeader: () => expiresHeader };
  const registrator = { _sipInstance: instance, _expires: 300 };
  return grantedSeconds(
    response as unknown as RawResponse,
    { contact: { uri: { user: 'ours' } }, _registrator: registrator } as unknown as RawUserAgent,
  );
}

it('is what the Contact of our instance says, among those of other phones', () => {
  const ours = { user: 'rewritten', params: { '+sip.instance': INSTANCE, expires: '120' } };
  expect(granted([OTHER_PHONE, ours], '600')).toBe(120);
});

it('is what the Contact of our user says where the server leaves the instance out', () => {
  expect(granted([OTHER_PHONE, { user: 'ours', params: { expires: '90' } }], '600')).toBe(90);
});

it('is not that of another phone without an instance when we have none', () => {
  const desk = { user: 'desk', params: { expires: '20' } };
  expect(granted([desk, { user: 'ours', params: { expires: '90' } }], undefined, null)).toBe(90);
});

it('is the Expires header where our Contact says nothing', () => {
  expect(granted([OTHER_PHONE, { user: 'ours', params: {} }], '600')).toBe(600);
});

it('is what we asked for where the answer says nothing at all', () => {
  expect(granted([{ user: 'ours', params: {} }])).toBe(300);
});

it.each(['0', '1', '9'])('is never below what JsSIP takes for the least: %s', (expires) => {
  expect(granted([{ user: 'ours', params: { expires } }])).toBe(10);
});

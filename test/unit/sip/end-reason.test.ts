import { describe, expect, it } from 'vitest';
import { classifyEnd, type EndIntent, sipFailure, type ReportedEnd } from '../../../src/sip/end-reason';
import { CAUSE, type RawMessage, type RawResponse } from '../../../src/sip/jssip';

function response(statusCode: number, reasonPhrase = 'Words'): RawResponse {
  return {
    method: 'INVITE',
    status_code: statusCode,
    reason_phrase: reasonPhrase,
    getHeaders: () => [],
  } as unknown as RawResponse;
}

function request(method: string, reasons: readonly string[] = []): RawMessage {
  const getHeaders = (name: string) => (name === 'reason' ? [...reasons] : []);
  return { method, getHeaders } as unknown as RawMessage;
}

function end(
  originator: ReportedEnd['originator'],
  cause: string,
  message: RawMessage | null = null,
): ReportedEnd {
  return { originator, cause, message: message as ReportedEnd['message'] };
}

/** What JsSIP says of nearly everything that ends here. */
const CANCELED = end('local', CAUSE.canceled);

describe('what we meant counts before what JsSIP says', () => {
  it.each<[EndIntent, boolean, object]>([
    [{ kind: 'hangup' }, true, { reason: 'hangup', initiator: 'local' }],
    [{ kind: 'hangup' }, false, { reason: 'canceled', initiator: 'local' }],
    [{ kind: 'destroyed' }, true, { reason: 'destroyed', initiator: 'local' }],
    [{ kind: 'reject', statusCode: 603 }, false, { reason: 'rejected', initiator: 'local', code: 603 }],
    [
      { kind: 'internal', statusCode: 500 },
      false,
      { reason: 'internal', code: 500, errorCode: 'MEDIA_FAILED' },
    ],
    [{ kind: 'transport' }, false, { reason: 'network', initiator: 'network', errorCode: 'SIGNALING_LOST' }],
    [{ kind: 'timeout' }, false, { reason: 'timeout', initiator: 'network', errorCode: 'CALL_TIMEOUT' }],
    [{ kind: 'gone', statusCode: 481 }, true, { reason: 'remote', initiator: 'remote', code: 481 }],
    [{ kind: 'gone', statusCode: 481 }, false, { reason: 'canceled', initiator: 'remote', code: 481 }],
    [{ kind: 'media' }, true, { reason: 'media', initiator: 'network', errorCode: 'ICE_FAILED' }],
  ])('%j, confirmed %s', (intent, wasConfirmed, expected) => {
    expect(classifyEnd(CANCELED, intent, wasConfirmed)).toMatchObject(expected);
  });

  it('and a plain end carries no error', () => {
    expect(classifyEnd(CANCELED, { kind: 'hangup' }, true)).not.toHaveProperty('errorCode');
    expect(classifyEnd(CANCELED, { kind: 'reject', statusCode: 486 }, false)).not.toHaveProperty('errorCode');
  });
});

describe('ends that nobody here meant', () => {
  it.each<[string, ReportedEnd, boolean, object]>([
    [
      'no ACK',
      end('remote', CAUSE.noAck),
      false,
      { reason: 'network', initiator: 'network', errorCode: 'SIGNALING_LOST' },
    ],
    [
      'a 200 that could not be sent',
      end('system', CAUSE.connectionError),
      false,
      { reason: 'network', initiator: 'network', errorCode: 'SIGNALING_LOST' },
    ],
    [
      'nobody answered here',
      end('local', CAUSE.noAnswer),
      false,
      { reason: 'unanswered', initiator: 'local' },
    ],
    [
      'the INVITE expired',
      end('system', CAUSE.expires),
      false,
      { reason: 'unanswered', initiator: 'remote' },
    ],
    [
      'a 599',
      end('remote', 'x', response(599)),
      false,
      { reason: 'server_error', code: 599, cause: 'Words' },
    ],
    [
      'a 499',
      end('remote', 'x', response(499)),
      false,
      { reason: 'rejected', code: 499, errorCode: 'CALL_REJECTED' },
    ],
    ['a 410', end('remote', 'x', response(410)), false, { reason: 'not_found', code: 410 }],
    ['a 608', end('remote', 'x', response(608)), false, { reason: 'declined', code: 608 }],
    [
      'a 200 of no use',
      end('remote', 'Bad Media', response(200)),
      false,
      { reason: 'media_rejected', initiator: 'local' },
    ],
    ['a BYE', end('remote', 'Terminated', request('BYE')), true, { reason: 'hangup', cause: 'Terminated' }],
    ['a BYE before the answer', end('remote', 'Terminated', request('BYE')), false, { reason: 'canceled' }],
    [
      'a BYE with reasons',
      end('remote', 'Terminated', request('BYE', ['Q.850;cause=16', 'sip ; cause = 480 ; text="Gone"'])),
      true,
      { code: 480, cause: 'Gone' },
    ],
    [
      'a CANCEL',
      end('remote', 'Canceled', request('CANCEL')),
      false,
      { reason: 'canceled', initiator: 'remote' },
    ],
    [
      'a CANCEL because another answered',
      end('remote', 'Canceled', request('CANCEL', ['SIP;cause=200'])),
      false,
      { reason: 'answered_elsewhere', code: 200 },
    ],
    [
      'a CANCEL because another was busy',
      end('remote', 'Canceled', request('CANCEL', ['SIP;cause=486'])),
      false,
      { reason: 'canceled', code: 486 },
    ],
    [
      'the browser',
      end('system', 'WebRTC Error'),
      false,
      { reason: 'internal', initiator: 'local', errorCode: 'MEDIA_FAILED' },
    ],
  ])('%s', (_name, raw, wasConfirmed, expected) => {
    expect(classifyEnd(raw, undefined, wasConfirmed)).toMatchObject(expected);
  });
});

it('gives the response as the cause of an error', () => {
  expect(sipFailure(response(503, 'Try later'))).toEqual({ statusCode: 503, reasonPhrase: 'Try later' });
});

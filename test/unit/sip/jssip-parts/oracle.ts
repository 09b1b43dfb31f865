import NameAddrHeader from 'jssip/lib/NameAddrHeader.js';
import OriginalGrammar from 'jssip/lib/Grammar.js';
import URI from 'jssip/lib/URI.js';
import { type Classes, parse } from '../../../../src/sip/jssip-parts/grammar';

const classes = { URI, NameAddrHeader } as unknown as Classes;
const original = OriginalGrammar as unknown as { parse(input: string, rule: string): unknown };

/** The fields that JsSIP reads of a rule's object; the generated parser leaves its scratch values beside them. */
const READ: Readonly<Record<string, readonly string[]>> = {
  CSeq: ['value', 'method'],
  Event: ['event', 'params'],
  Proxy_Authenticate: ['realm', 'nonce', 'opaque', 'stale', 'algorithm', 'qop'],
  Replaces: ['call_id', 'to_tag', 'from_tag'],
  Request_Response: ['method', 'uri', 'status_code', 'reason_phrase'],
  Session_Expires: ['expires', 'refresher'],
  Status_Line: ['status_code', 'reason_phrase'],
  Via: ['branch'],
  WWW_Authenticate: ['realm', 'nonce', 'opaque', 'stale', 'algorithm', 'qop'],
};

/** Rules of which JsSIP only asks whether they hold. */
const VERDICT = new Set(['quoted_string', 'uuid']);

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined && field !== false);
  return Object.fromEntries(entries.map(([key, field]) => [key, plain(field)]));
}

function outcome(rule: string, run: () => unknown): unknown {
  let result: unknown;
  try {
    result = run();
  } catch {
    return 'throws';
  }
  if (result === -1) return -1;
  if (VERDICT.has(rule)) return 'holds';
  const fields = READ[rule];
  if (fields === undefined) return plain(result);
  const record: Record<string, unknown> = { ...(rule === 'Event' && { params: {} }), ...(result as object) };
  return plain(Object.fromEntries(fields.map((field) => [field, record[field]])));
}

/** What the parser that JsSIP ships makes of a text, as far as JsSIP looks at it: -1, a plain value, or 'throws'. */
export function byJsSip(rule: string, input: string): unknown {
  return outcome(rule, () => original.parse(input, rule));
}

/** What ours makes of it. */
export function byOurs(rule: string, input: string): unknown {
  return outcome(rule, () => parse(input, rule, classes));
}

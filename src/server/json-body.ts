/** Reads the JSON object in a request's body, within a size and a time. */
import { withDeadline } from '../core/deadline';
import { RequestRefusal } from './handler';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** @throws RequestRefusal 400, 408, 413 or 415 */
export async function readJsonObject(
  request: Request,
  limits: BodyLimits,
): Promise<Readonly<Record<string, unknown>>> {
  const type = (request.headers.get('Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new RequestRefusal(415, 'send Content-Type: application/json');
  const value = parse(await readBody(request, limits));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RequestRefusal(400, 'the body is not a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new RequestRefusal(400, 'the body is not JSON');
  }
}

async function readBody(request: Request, { maxBytes, timeoutMs }: BodyLimits): Promise<Uint8Array> {
  const tooLarge = new RequestRefusal(413, `the body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get('Content-Length') ?? 0) > maxBytes) throw tooLarge;
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const readAll = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge;
      chunks.push(value);
    }
  };
  try {
    await withDeadline(
      readAll(),
      timeoutMs,
      () => new RequestRefusal(408, 'the body did not arrive in time'),
    );
  } catch (error) {
    // Not awaited: a sender that never ends need not be waited for.
    reader.cancel().catch(() => undefined);
    throw error instanceof RequestRefusal ? error : new RequestRefusal(400, 'the body ended too early');
  }
  return concat(chunks, size);
}

function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

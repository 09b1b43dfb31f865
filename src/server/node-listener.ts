/**
 * Lets Node's own HTTP server call a handler. Describes what it needs of Node's objects instead of importing them,
 * so that the entry loads where there is no Node.
 */
import { refusalResponse, RequestRefusal, type Handler } from './handler';

/** What is used of `http.IncomingMessage`. */
export interface NodeRequest {
  /** HTTP method. Default GET. */
  readonly method?: string | undefined;
  /** The request target (RFC 9112 section 3.2). */
  readonly url?: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The connection. */
  readonly socket: {
    /** The network address of the other end. */
    readonly remoteAddress?: string | undefined;
  };
  /** A piece of the body has come. */
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  /** The body, or the connection, has ended. */
  on(event: 'end' | 'close', listener: () => void): unknown;
  /** The body cannot be read. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Takes no more from the socket. */
  pause(): unknown;
  /** Takes from the socket again. */
  resume(): unknown;
}

/** What is used of `http.ServerResponse`. */
export interface NodeResponse {
  /** HTTP status code. */
  statusCode: number;
  /** Adds a header, beside one of the same name. */
  appendHeader(name: string, value: string): unknown;
  /** Sends the body; the answer is complete. */
  end(body: Uint8Array): unknown;
  /** Cuts the connection. */
  destroy(): unknown;
}

/** What `http.createServer` takes. */
export type NodeListener = (request: NodeRequest, response: NodeResponse) => void;

/**
 * Adapts a handler to Node's `http.createServer` and to routers that hand over Node's objects. The address of the
 * connection becomes the handler's `address`, which is right where no proxy stands in front. The answer is collected
 * before it is sent: for small answers, as all of this room are. What the handler throws is answered with 500.
 * @example
 * http.createServer(toNodeListener((request, context) => route(request, context))).listen(8080);
 */
export function toNodeListener(handler: Handler): NodeListener {
  return (request, response) => {
    answer(handler, request)
      .then((result) => sendResponse(result, response))
      .catch(() => response.destroy());
  };
}

async function answer(handler: Handler, request: NodeRequest): Promise<Response> {
  try {
    const { remoteAddress } = request.socket;
    return await handler(
      toWebRequest(request),
      remoteAddress === undefined ? {} : { address: remoteAddress },
    );
  } catch (error) {
    return refusalResponse(error);
  }
}

/** @throws RequestRefusal 400 */
function toWebRequest(request: NodeRequest): Request {
  const method = request.method ?? 'GET';
  const headers = new Headers();
  try {
    for (const [name, value] of Object.entries(request.headers)) {
      for (const one of typeof value === 'string' ? [value] : (value ?? [])) headers.append(name, one);
    }
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const init: RequestInit & { duplex?: 'half' } = hasBody
      ? { method, headers, body: bodyOf(request), duplex: 'half' }
      : { method, headers };
    return new Request(urlOf(request), init);
  } catch (error) {
    // The rest is what no web-standard request can hold, such as the method TRACE.
    throw error instanceof RequestRefusal ? error : new RequestRefusal(400, 'bad request');
  }
}

/** RFC 9112 section 3.2: the origin form, or the absolute form that proxies use. */
function urlOf({ url = '', headers }: NodeRequest): string {
  if (!url.startsWith('/')) return url;
  const { host = 'localhost' } = headers;
  const base = `http://${host.toString()}`;
  const { href, origin } = URL.canParse(base) ? new URL(base) : {};
  // What is more than a host and a port would become part of the path, and so choose the route.
  if (origin === undefined || href !== `${origin}/`)
    throw new RequestRefusal(400, 'the Host header is not a host and a port');
  return origin + url;
}

/** Takes from the socket only when it is asked to: a body that is never read costs nothing. */
function bodyOf(request: NodeRequest): ReadableStream<Uint8Array> {
  let isOver = false;
  let hasStarted = false;
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    hasStarted = true;
    const finish = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      settle();
    };
    request.on('data', (chunk) => {
      if (isOver) return;
      controller.enqueue(new Uint8Array(chunk));
      request.pause();
    });
    request.on('end', () => {
      finish(() => {
        controller.close();
      });
    });
    request.on('error', (error) => {
      finish(() => {
        controller.error(error);
      });
    });
    request.on('close', () => {
      finish(() => {
        controller.error(new Error('the connection closed'));
      });
    });
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (hasStarted) request.resume();
        else start(controller);
      },
      cancel: () => {
        isOver = true;
        // What still comes is thrown away, so that the sender gets to read the answer.
        request.resume();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Writes an answer to Node's response and ends it. */
export async function sendResponse(result: Response, response: NodeResponse): Promise<void> {
  const body = new Uint8Array(await result.arrayBuffer());
  response.statusCode = result.status;
  result.headers.forEach((value, name) => {
    response.appendHeader(name, value);
  });
  // The rest of such a body is not waited for: the connection cannot be used again (RFC 9112 section 9.6).
  if (result.status === 413 || result.status === 408) response.appendHeader('Connection', 'close');
  response.end(body);
}

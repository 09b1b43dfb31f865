import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureUncaught } from '../../support/wire/dom-target';
import { settle } from '../../support/wire/next-task';
import { ScriptedServer } from '../../support/wire/scripted-server';

let server: ScriptedServer;
let restore: () => void;

beforeEach(() => {
  server = new ScriptedServer();
  restore = server.install();
});

afterEach(() => {
  restore();
});

/** Opens a socket and notes every event on it. */
function open(): { socket: WebSocket; events: string[] } {
  const socket = new WebSocket('wss://pbx.test/ws', 'sip');
  const events: string[] = [];
  socket.onopen = () => events.push('open');
  socket.onerror = () => events.push('error');
  socket.onclose = ({ code, wasClean }) => events.push(`close ${code} ${wasClean}`);
  socket.addEventListener('message', ({ data }: MessageEvent<string>) =>
    events.push(`message ${data.trim()}`),
  );
  return { socket, events };
}

describe('connecting', () => {
  it('opens in a later task', async () => {
    const { socket, events } = open();
    expect(socket.readyState).toBe(WebSocket.CONNECTING);
    await server.opened();
    await settle();
    expect(events).toEqual(['open']);
    expect(socket.protocol).toBe('sip');
  });

  it.each([
    ['refuse', ['error', 'close 1006 false'], 3],
    ['error-only', ['error'], 3],
    ['hang', [], 0],
  ] as const)('%s gives %j', async (behaviour, expected, readyState) => {
    server.connection = behaviour;
    const { socket, events } = open();
    await settle();
    expect(events).toEqual(expected);
    expect(socket.readyState).toBe(readyState);
  });

  it('throws in the constructor when told to', () => {
    server.connection = 'throw';
    expect(() => new WebSocket('ws://pbx.test/ws')).toThrow(DOMException);
    expect(server.attempts).toEqual(['ws://pbx.test/ws']);
  });

  it('decides by the number of the attempt', async () => {
    server.connection = (attempt) => (attempt === 1 ? 'refuse' : 'accept');
    const first = open();
    await settle();
    const second = open();
    await settle();
    expect([first.events.at(-1), second.events.at(-1)]).toEqual(['close 1006 false', 'open']);
  });
});

describe('an open connection', () => {
  it('delivers in order and in tasks of their own', async () => {
    const { socket, events } = open();
    await server.opened();
    await settle();
    socket.send('\r\n\r\n');
    expect(server.pings).toBe(0);
    await settle();
    server.send('one');
    server.send('two');
    await settle();
    expect(server.pings).toBe(1);
    expect(events).toEqual(['open', 'message ', 'message one', 'message two']);
  });

  it('still delivers what was sent right before close()', async () => {
    const { socket, events } = open();
    await server.opened();
    await settle();
    socket.send('\r\n\r\n');
    socket.close(1000);
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    await settle();
    expect(server.pings).toBe(1);
    expect(events).toEqual(['open', 'close 1000 true']);
  });

  it('is cut with 1006 and loses what was under way', async () => {
    const { socket, events } = open();
    await server.opened();
    await settle();
    socket.send('\r\n\r\n');
    server.cut();
    await settle();
    expect(server.pings).toBe(0);
    expect(events).toEqual(['open', 'close 1006 false']);
  });

  it('freezes without a sign, and close() then gets no answer', async () => {
    const { socket, events } = open();
    await server.opened();
    await settle();
    server.freeze();
    socket.send('\r\n\r\n');
    server.send('lost');
    await settle();
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
    await settle();
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    expect(server.pings).toBe(0);
    expect(events).toEqual(['open']);
  });

  it('contains a listener that throws', async () => {
    const uncaught = captureUncaught();
    const { socket, events } = open();
    socket.onmessage = () => {
      throw new Error('listener');
    };
    await server.opened();
    await settle();
    server.send('one');
    await settle();
    uncaught.restore();
    expect(uncaught.errors).toEqual([new Error('listener')]);
    expect(events).toEqual(['open', 'message one']);
  });
});

it('puts the former WebSocket back', () => {
  const fake = globalThis.WebSocket;
  restore();
  expect(globalThis.WebSocket).not.toBe(fake);
  restore = vi.fn();
});

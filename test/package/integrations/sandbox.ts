// A test of an integration against the sandbox. Needs no DOM.
import { builtInCustomers, startSandbox } from '@2chat/voice-sdk/sandbox';
import type {
  Customer,
  CustomerCall,
  Faults,
  Sandbox,
  SandboxOptions,
  Trace,
  TraceEntry,
} from '@2chat/voice-sdk/sandbox';

export async function play(options: SandboxOptions): Promise<void> {
  const sandbox: Sandbox = await startSandbox({ ...options, port: 0 });
  const url: string = sandbox.url;
  const apiKey: string = sandbox.apiKey;
  const { token, expiresAt } = await sandbox.mintToken({ userUuid: 'alice', label: 'Alice', ttlSeconds: 60 });
  const expiry: Date = expiresAt;
  const echo: Customer = sandbox.customer('echo');
  const named: Customer = sandbox.customer({ name: 'ann', toneHz: 600, onCall: { refuseWith: 486 } });
  const call: CustomerCall = await echo.call('alice', { headers: { 'X-2Chat-Ticket': '42' } });
  call.on('digit', (digit, transport) => {
    const key: string = digit;
    const by: 'rtp' | 'info' = transport;
    void key;
    void by;
  });
  call.once('ended', ({ by, status }) => {
    const code: number | undefined = status;
    void by;
    void code;
  });
  echo.on('incoming', (incoming) => {
    incoming.answer();
  });
  const received: string = echo.received;
  const { dominantHz } = (await echo.lastCall?.hears({ hz: 440, timeoutMs: 1000 })) ?? { dominantHz: null };
  const trace: Trace = sandbox.trace;
  const invite: TraceEntry = await trace.waitFor(({ method }) => method === 'INVITE');
  trace.on('message', ({ text }) => {
    const shown: string = text;
    void shown;
  });
  const faults: Faults = sandbox.faults;
  const cut: number = faults.dropSockets('alice');
  const numbers: readonly string[] = builtInCustomers.map(({ number }) => number);
  void [url, apiKey, token, expiry, named, received, dominantHz, invite, cut, numbers];
  await sandbox.close();
  // @ts-expect-error the port is a number
  await startSandbox({ port: 'http' });
  // @ts-expect-error no event has this name
  call.on('teleported', () => undefined);
  // @ts-expect-error only the sandbox makes events
  call.emit('answered');
  // @ts-expect-error a pitch has hertz
  await call.hears({ pitch: 440 });
}

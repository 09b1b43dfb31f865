/** What the command says when it is ready: enough to make the first call. */
import { builtInCustomers, deadNumbers } from './customers/table';
import type { Sandbox } from './contract/sandbox';

export interface BannerFacts {
  readonly sandbox: Pick<Sandbox, 'url' | 'wsUrl' | 'apiKey' | 'domain'>;
  /** True when a page is served at the root. */
  readonly hasPage: boolean;
}

export function banner({ sandbox, hasPage }: BannerFacts): string {
  const numbers = [...builtInCustomers, ...deadNumbers];
  const width = Math.max(...numbers.map(({ name }) => name.length));
  const table = numbers.map(
    ({ number, name, description }) => `    ${number}  ${name.padEnd(width)}  ${description}`,
  );
  return [
    '',
    '  The 2Chat voice sandbox is ready.',
    '',
    ...(hasPage ? [`  Open this page     ${sandbox.url}/`, ''] : []),
    `  API                ${sandbox.url}`,
    `  SIP over WebSocket ${sandbox.wsUrl}  (domain ${sandbox.domain})`,
    `  X-User-API-Key     ${sandbox.apiKey}`,
    '',
    '  A token for an agent:',
    `    curl -s ${sandbox.url}/open/sdk/access-token -H 'Content-Type: application/json' \\`,
    `      -H 'X-User-API-Key: ${sandbox.apiKey}' -d '{"user_uuid":"alice","label":"Alice"}'`,
    '',
    '  Numbers to call (the number or the name), and agents by their user_uuid:',
    ...table,
    '',
    '  Ctrl+C ends it.',
    '',
  ].join('\n');
}

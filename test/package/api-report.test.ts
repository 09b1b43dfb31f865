import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import typedoc from '../../typedoc.json' with { type: 'json' };
import { ERROR_CATALOGUE } from '../../src/core/error-catalogue';
import { CONTRACT } from '../api/contract';
import { apiReportOf, publishedEntries, REPORT_FOLDER, UPDATE_COMMAND } from '../tools/api-report';
import { brokenRows } from '../tools/contract-check';
import { undocumentedFailures } from '../tools/documented-failures';
import { ROOT } from './packed';

const entries = publishedEntries(manifest.exports);
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe.each(entries)('the entry $entry', ({ entry, reportName, importTypes, requireTypes }) => {
  it('offers what its report says', () => {
    const { text, complaints } = apiReportOf(ROOT, join(ROOT, importTypes));
    const reports = readdirSync(join(ROOT, REPORT_FOLDER));
    const reported = reports.includes(reportName) ? read(join(REPORT_FOLDER, reportName)) : '';
    const hint = `What ${entry} offers has changed. If it is meant, write the report anew: ${UPDATE_COMMAND}`;
    expect(text, hint).toBe(reported);
    // Of these, `ae-forgotten-export` is a type that one can reach and not name.
    expect(complaints).toEqual([]);
  });

  it('offers the same to import and to require()', () => {
    expect(read(requireTypes)).toBe(read(importTypes));
  });

  it('has at run time what its declarations export as a value', async () => {
    const [, list = ''] = /^export \{ (.*) \};$/m.exec(read(importTypes)) ?? [];
    const values = list.split(', ').filter((name) => !name.startsWith('type '));
    const built = (types: string): string => join(ROOT, types.replace(/\.d\.(c?)ts$/, '.$1js'));
    const imported = (await import(built(importTypes))) as object;
    const required = createRequire(import.meta.url)(built(requireTypes)) as object;
    expect(values.sort()).toEqual(Object.keys(imported).sort());
    expect(values.sort()).toEqual(Object.keys(required).sort());
  });

  it('says of each function how it fails', () => {
    expect(undocumentedFailures(read(importTypes), Object.keys(ERROR_CATALOGUE))).toEqual([]);
  });

  it('is in the documentation', () => {
    const source = entry === '.' ? 'src/index.ts' : `src/${entry.slice('./'.length)}/index.ts`;
    expect(typedoc.entryPoints).toContain(source);
  });
});

it('no report is left of an entry that is gone', () => {
  const reports = readdirSync(join(ROOT, REPORT_FOLDER)).filter((name) => name.endsWith('.api.md'));
  expect(reports.sort()).toEqual(entries.map(({ reportName }) => reportName).sort());
});

describe('what integrations rely on by name', () => {
  const broken = brokenRows(join(ROOT, 'dist/index.d.ts'), CONTRACT);

  it.each(CONTRACT.map(({ what }) => what))('%s', (what) => {
    expect(broken.get(what)).toBeUndefined();
  });

  it('is found under the paths that pages and bundlers use', () => {
    expect(manifest).toMatchObject({
      main: './dist/index.cjs',
      module: './dist/index.js',
      types: './dist/index.d.cts',
      unpkg: './dist/index.global.js',
      jsdelivr: './dist/index.global.js',
    });
    expect(manifest.files).toEqual(expect.arrayContaining(['dist', 'dist-cdn']));
  });
});

describe('a change of the declarations', () => {
  const original = read('dist/index.d.ts');
  let folder: string;

  beforeAll(() => {
    // Inside the repository, whose package.json gives the report its name.
    mkdirSync(join(ROOT, 'test/.artifacts'), { recursive: true });
    folder = mkdtempSync(join(ROOT, 'test/.artifacts/api-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function declare(text: string): string {
    const path = join(folder, 'index.d.ts');
    writeFileSync(path, text);
    return path;
  }

  function changed(from: string, to: string, text = original): string {
    expect(text.split(from).length, `${from} is there once`).toBe(2);
    return text.replace(from, to);
  }

  const CHANGES: readonly { change: string; from: string; to: string; breaks: string | undefined }[] = [
    {
      change: 'a method with another name',
      from: 'sendDigits(digits: string)',
      to: 'sendTones(digits: string)',
      breaks: 'Call.sendDigits() takes',
    },
    {
      change: 'an option that must be given',
      from: 'readonly ringtoneUrl?: string;',
      to: 'readonly ringtoneUrl: string;',
      breaks: 'new Device()',
    },
    {
      change: 'an option with another type',
      from: 'readonly tokenExpiryLeadMs?: number;',
      to: 'readonly tokenExpiryLeadMs?: string;',
      breaks: 'DeviceOptions.tokenExpiryLeadMs',
    },
    {
      change: 'a parameter more',
      from: 'updateToken(jwt: string)',
      to: 'updateToken(jwt: string, label: string)',
      breaks: 'Device.updateToken() takes',
    },
    {
      change: 'a parameter that may no longer be left out',
      from: 'reject(statusCode?: number): void',
      to: 'reject(statusCode: number): void',
      breaks: 'Call.reject() takes',
    },
    {
      change: 'a result that may be missing',
      from: 'get tokenExpiresAt(): Date;',
      to: 'get tokenExpiresAt(): Date | undefined;',
      breaks: 'Device.tokenExpiresAt',
    },
    {
      change: 'an event that is gone',
      from: '    registered: [];\n',
      to: '',
      breaks: 'Device event registered',
    },
    {
      change: 'an event with another payload',
      from: 'mute: [isMuted: boolean];',
      to: "mute: [state: 'on' | 'off'];",
      breaks: 'Call event mute',
    },
    {
      change: 'a code that is gone',
      from: '    readonly NOT_REGISTERED: CatalogueEntry;\n',
      to: '',
      breaks: 'NOT_REGISTERED',
    },
    {
      change: 'a class that is no longer exported',
      from: ' TokenError,',
      to: '',
      breaks: 'TokenError is a class',
    },
    {
      change: 'a type that checks nothing any more',
      from: 'readonly customHeaders: Readonly<Record<string, string>>;',
      to: 'readonly customHeaders: any;',
      breaks: 'Call.customHeaders',
    },
    {
      change: 'a reason more, which is allowed and still seen',
      from: "| 'destroyed' | 'internal';",
      to: "| 'destroyed' | 'internal' | 'transferred';",
      breaks: undefined,
    },
  ];

  it.each(CHANGES)('is reported: $change', ({ from, to, breaks }) => {
    const path = declare(changed(from, to));
    expect(apiReportOf(ROOT, path).text).not.toBe(read(join(REPORT_FOLDER, 'index.api.md')));
    const broken = [...brokenRows(path, CONTRACT).keys()];
    if (breaks === undefined) expect(broken).toEqual([]);
    else expect(broken).toContain(breaks);
  });

  it('is reported: an overload that is gone', () => {
    const comment = '/** Dials. */';
    const one = `${comment}\nexport declare function dial(to: string): void;\n`;
    const two = `${one}${comment}\nexport declare function dial(to: number): void;\n`;
    const [before, after] = [two, one].map((text) => apiReportOf(ROOT, declare(text)));
    expect(before?.complaints).toEqual([]);
    expect(after?.text).not.toBe(before?.text);
  });

  it('is not reported where it is of comments alone', () => {
    const path = declare(changed('/** Microphones and speakers.', '/** All of them.', flat(original)));
    expect(apiReportOf(ROOT, path).text).toBe(read(join(REPORT_FOLDER, 'index.api.md')));
  });

  it('is complained of where a type can be reached and not named', () => {
    const path = declare(changed('type DisconnectInitiator, ', '', original));
    expect(apiReportOf(ROOT, path).complaints).toEqual([
      expect.stringMatching(/^ae-forgotten-export: .*DisconnectInitiator/),
    ]);
  });
});

/** Comments of more than one line begin on their first. */
function flat(text: string): string {
  return text.replace(/\/\*\*\s*\n\s*\* /g, '/** ');
}

/**
 * What a published entry offers, as text: its declarations in alphabetical order, without their comments. A report
 * lies in the repository beside the tests, so that a change of the public surface is seen in the review.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  ExtractorMessageCategory,
} from '@microsoft/api-extractor';

/** How the reports are written anew after a change that is meant. */
export const UPDATE_COMMAND = 'npm run build && npm run docs:api';

/** The folder of the reports, relative to the root of the repository. */
export const REPORT_FOLDER = 'test/api';

/** One entry of the package that has types. */
export interface PublishedEntry {
  /** As in `exports`: `.`, `./sandbox`. */
  readonly entry: string;
  /** What its report is called in {@link REPORT_FOLDER}. */
  readonly reportName: string;
  /** What `import` sees, relative to the root of the repository. */
  readonly importTypes: string;
  /** What `require()` sees. */
  readonly requireTypes: string;
}

export interface ApiReport {
  readonly text: string;
  /** What is wrong with the surface: a type that is reachable and not exported, for example. */
  readonly complaints: readonly string[];
}

/**
 * Every entry of `exports`, but for plain JSON.
 * @throws Error for an entry whose types one of the two module systems does not find
 */
export function publishedEntries(exports: Readonly<Record<string, unknown>>): PublishedEntry[] {
  return Object.entries(exports)
    .filter(([, target]) => !(typeof target === 'string' && target.endsWith('.json')))
    .map(([entry, target]) => ({
      entry,
      reportName: `${entry === '.' ? 'index' : entry.slice('./'.length).replaceAll('/', '-')}.api.md`,
      importTypes: typesOf(entry, target, 'import'),
      requireTypes: typesOf(entry, target, 'require'),
    }));
}

function typesOf(entry: string, target: unknown, condition: 'import' | 'require'): string {
  const conditions = target as Readonly<Record<string, { readonly types?: unknown } | undefined>>;
  const types = conditions[condition]?.types;
  if (typeof types !== 'string') throw new Error(`${entry} has no types for ${condition}`);
  return types.slice('./'.length);
}

/** The report of one declaration file. Both paths are absolute; the file lies inside the root. */
export function apiReportOf(root: string, declarationFile: string): ApiReport {
  const folder = mkdtempSync(join(tmpdir(), 'voice-sdk-api-'));
  const complaints: string[] = [];
  try {
    const config = extractorConfig(root, declarationFile, folder);
    const { succeeded } = Extractor.invoke(config, {
      localBuild: true,
      messageCallback: (message) => {
        message.handled = true;
        if (isComplaint(message)) complaints.push(`${message.messageId}: ${message.text}`);
      },
    });
    if (!succeeded && complaints.length === 0) throw new Error(`${declarationFile} could not be read`);
    return { text: readFileSync(join(folder, REPORT_FILE), 'utf8'), complaints };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const REPORT_FILE = 'report.api.md';

function isComplaint({ category, messageId, logLevel }: ExtractorMessage): boolean {
  if (category === ExtractorMessageCategory.Console || category === ExtractorMessageCategory.TSDoc)
    return false;
  // Everything that an entry exports is public: no declaration says so again. The syntax of comments is TypeDoc's.
  return messageId !== 'ae-missing-release-tag' && logLevel !== ExtractorLogLevel.None;
}

function extractorConfig(root: string, declarationFile: string, folder: string): ExtractorConfig {
  const compilerOptions = {
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2022', 'dom'],
    // Without those of Node, as in a page.
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
  };
  const silent = { logLevel: ExtractorLogLevel.None };
  const loud = { logLevel: ExtractorLogLevel.Warning };
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarationFile,
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions, files: [declarationFile] } },
      apiReport: {
        enabled: true,
        reportFileName: REPORT_FILE,
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: loud },
        extractorMessageReporting: { default: loud, 'ae-missing-release-tag': silent },
        tsdocMessageReporting: { default: silent },
      },
    },
  });
}

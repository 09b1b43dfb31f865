/** From options to the configuration files of one edge. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TEMPLATES = fileURLToPath(new URL('../', import.meta.url));

/**
 * Fills in `{{names}}`.
 * @param {string} template
 * @param {Readonly<Record<string, string | number>>} values
 */
export function render(template, values) {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for {{${name}}}`);
    // In a configuration file a line break or the separator of a substitution begins something new.
    if (/[\r\n\0]/.test(String(value)) && !/(Rules|Lines)$/.test(name))
      throw new Error(`a line break in ${name}`);
    if (/Secret$/.test(name) && /[!"\\]/.test(String(value))) throw new Error(`${name} has one of ! " \\`);
    return String(value);
  });
}

/**
 * Writes the files of one edge.
 * @param {string} directory
 * @param {Readonly<Record<string, string | number>>} values
 */
export async function writeSettings(directory, values) {
  const kamailio = join(directory, 'kamailio');
  const run = join(directory, 'run');
  await Promise.all([mkdir(kamailio, { recursive: true }), mkdir(run, { recursive: true })]);
  const all = { ...values, runDir: run };
  const rendered = new Set(['local.cfg', 'cluster.cfg']);
  for (const name of await readdir(join(TEMPLATES, 'kamailio'))) {
    const text = await readFile(join(TEMPLATES, 'kamailio', name), 'utf8');
    await writeFile(join(kamailio, name), rendered.has(name) ? render(text, all) : text, { mode: 0o600 });
  }
  for (const name of ['haproxy.cfg', 'rtpengine.conf', 'turnserver.conf']) {
    const text = await readFile(join(TEMPLATES, name), 'utf8');
    await writeFile(join(directory, name), render(text, all), { mode: 0o600 });
  }
}

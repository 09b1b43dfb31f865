// A TypeDoc plugin: documents each error code with what the catalogue says about it, so that it is written once.
import { Comment, Converter, ReflectionKind } from 'typedoc';
import { importTs } from './import-ts.mjs';

export async function load(app) {
  const { ERROR_CATALOGUE } = await importTs(new URL('../../src/core/error-catalogue.ts', import.meta.url));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const variables = project.getReflectionsByKind(ReflectionKind.Variable);
    const catalogue = variables.find(({ name }) => name === 'ERROR_CATALOGUE');
    const codes = catalogue?.type?.declaration?.children;
    if (codes === undefined) throw new Error('The documentation has lost the error catalogue');
    for (const property of codes) {
      const { summary, remedy, fatal, family } = ERROR_CATALOGUE[property.name];
      const text = `${summary} *${remedy}* ${family}, ${fatal ? 'fatal' : 'not fatal'}.`;
      property.comment = new Comment([{ kind: 'text', text }]);
    }
  });
}

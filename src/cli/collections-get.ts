/** `moonlighter collections get`: one document. */
import type { Command } from 'commander';
import type { JsonObject } from '../domain/json.js';
import { action, foreground, type GlobalOptions, type Invocation, withProject } from './command.js';
import { renderJson } from './json-output.js';
import { depthOption, localeOption, nameList, userOption } from './options.js';

interface Options extends GlobalOptions {
  select?: string[];
  locale?: string;
  draft?: boolean;
  depth?: number;
  user?: string;
}

export function registerCollectionsGet(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('get <slug> <id>')
    .description('one document')
    .option('--select <fields>', 'only these fields', nameList('--select'))
    .addOption(localeOption())
    .option('--draft', 'its newest version where that is a draft')
    .addOption(depthOption())
    .addOption(userOption());
  action<Options, [string, string]>(command, invocation, ({ output }, options, slug, id) =>
    withProject(invocation, options, async (opened) => {
      const { getDocument } = await import('../operations/get-document.js');
      const document = await getDocument(opened, { slug, id, query: queryOf(options), ...foreground(invocation, options) });
      output.result(document, () => renderJson(document, 2));
    }),
  );
}

function queryOf({ select, locale, draft, depth }: Options): JsonObject {
  return {
    ...(select !== undefined && { select }),
    ...(locale !== undefined && { locale }),
    ...(draft && { draft }),
    ...(depth !== undefined && { depth }),
  };
}

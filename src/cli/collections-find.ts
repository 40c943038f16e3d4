/** `moonlighter collections find`: documents by filter. */
import type { Command } from 'commander';
import type { Json, JsonObject } from '../domain/json.js';
import { action, foreground, type GlobalOptions, type Invocation, withProject } from './command.js';
import { renderJson } from './json-output.js';
import { depthOption, integer, localeOption, nameList, userOption } from './options.js';
import { plural, table } from './output.js';
import { whereOption } from './where-option.js';

interface Options extends GlobalOptions {
  where?: JsonObject;
  search?: string;
  locale?: string;
  draft?: boolean;
  trash?: boolean;
  depth?: number;
  sort?: string;
  limit?: number;
  page?: number;
  select?: string[];
  user?: string;
}

const EXAMPLES = `
Examples:
  moonlighter collections find posts
  moonlighter collections find posts -w status=expired -w 'views>=5' --sort -created_at -l 5
  moonlighter --json collections find posts --where '{"or": [{"status": "expired"}, {"views": {"less_than": 5}}]}'
  moonlighter collections find pages --locale de --draft --depth 1`;

export function registerCollectionsFind(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('find <slug>')
    .description('documents by filter')
    .option(
      '-w, --where <filter>',
      'status=draft, views>=5, title~moon (contains), or the where table of find as JSON; more than one: all must hold',
      whereOption,
    )
    .option('--search <text>', 'only what the text search finds')
    .option('--sort <field>', 'order by this field, -field for descending')
    .option('-l, --limit <n>', 'documents a page', integer('--limit', 1))
    .option('--page <n>', 'page number, from 1', integer('--page', 1))
    .option('--select <fields>', 'only these fields', nameList('--select'))
    .addOption(localeOption())
    .option('--draft', 'also documents that are not published')
    .option('--trash', 'what was deleted and is kept, instead of what is there')
    .addOption(depthOption())
    .addOption(userOption())
    .addHelpText('after', EXAMPLES);
  action<Options, [string]>(command, invocation, ({ output }, options, slug) =>
    withProject(invocation, options, async (opened) => {
      const { findDocuments } = await import('../operations/find-documents.js');
      const found = await findDocuments(opened, { slug, query: queryOf(options), ...foreground(invocation, options) });
      output.result(found, () => foundText(found, options.select));
    }),
  );
}

function queryOf({ where, sort, limit, page, select, search, locale, draft, trash, depth }: Options): JsonObject {
  return {
    ...(where !== undefined && { where }),
    ...(sort !== undefined && { order_by: sort }),
    ...(limit !== undefined && { limit }),
    ...(page !== undefined && { page }),
    ...(select !== undefined && { select }),
    ...(search !== undefined && { search }),
    ...(locale !== undefined && { locale }),
    ...(draft && { draft }),
    ...(trash && { trash }),
    ...(depth !== undefined && { depth }),
  };
}

/** Columns that fit: the id and the first fields of the documents, or those selected. */
const COLUMNS = 4;
const CELL = 40;

function foundText(found: Json, select: readonly string[] | undefined): string {
  const { documents, pagination } = found as unknown as {
    documents: JsonObject[];
    pagination: { totalDocs?: number; total_docs?: number };
  };
  // An empty list reads back as an empty table.
  const list = Array.isArray(documents) ? documents : [];
  const keys = new Set<string>();
  for (const document of list) for (const key of Object.keys(document)) keys.add(key);
  for (const key of ['id', 'created_at', 'updated_at']) keys.delete(key);
  const columns = ['id', ...(select ?? [...keys].slice(0, COLUMNS))];
  const total = `${plural(list.length, 'document')} of ${pagination.totalDocs ?? pagination.total_docs}`;
  if (list.length === 0) return total;
  const rows = list.map((document) => columns.map((column) => cell(document[column])));
  return `${table(columns, rows)}\n\n${total}`;
}

function cell(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  const text = [...(typeof value === 'string' ? value : renderJson(value))];
  return text.length <= CELL ? text.join('') : `${text.slice(0, CELL - 1).join('')}…`;
}

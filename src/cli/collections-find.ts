/** `moonlighter collections find`: documents by filter. */
import type { Command } from 'commander';
import type { Json, JsonObject } from '../domain/json.js';
import { jsonObject } from '../operations/json-argument.js';
import { action, foreground, type GlobalOptions, type Invocation, withProject } from './command.js';
import { renderJson } from './json-output.js';
import { integer, nameList, userOption } from './options.js';
import { plural, table } from './output.js';

interface Options extends GlobalOptions {
  where?: string;
  sort?: string;
  limit?: number;
  page?: number;
  select?: string[];
  user?: string;
}

const EXAMPLES = `
Examples:
  moonlighter collections find posts
  moonlighter --json collections find posts --where '{"status": "expired"}' --sort -created_at -l 5`;

export function registerCollectionsFind(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('find <slug>')
    .description('documents by filter')
    .option('-w, --where <json>', 'filter, as the where table of find: {"status": "draft", "views": {"greater_than": 5}}')
    .option('--sort <field>', 'order by this field, -field for descending')
    .option('-l, --limit <n>', 'documents a page', integer('--limit', 1))
    .option('--page <n>', 'page number, from 1', integer('--page', 1))
    .option('--select <fields>', 'only these fields', nameList('--select'))
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

function queryOf({ where, sort, limit, page, select }: Options): JsonObject {
  return {
    ...(where !== undefined && { where: jsonObject(where, 'filter') }),
    ...(sort !== undefined && { order_by: sort }),
    ...(limit !== undefined && { limit }),
    ...(page !== undefined && { page }),
    ...(select !== undefined && { select }),
  };
}

/** Columns that fit: the id and the first fields of the documents, or those selected. */
const COLUMNS = 4;
const CELL = 40;

function foundText(found: Json, select: readonly string[] | undefined): string {
  const { documents, pagination } = found as unknown as { documents: JsonObject[]; pagination: { totalDocs: number } };
  // An empty list reads back as an empty table.
  const list = Array.isArray(documents) ? documents : [];
  const keys = new Set<string>();
  for (const document of list) for (const key of Object.keys(document)) keys.add(key);
  for (const key of ['id', 'created_at', 'updated_at']) keys.delete(key);
  const columns = ['id', ...(select ?? [...keys].slice(0, COLUMNS))];
  const total = `${plural(list.length, 'document')} of ${pagination.totalDocs}`;
  if (list.length === 0) return total;
  const rows = list.map((document) => columns.map((column) => cell(document[column])));
  return `${table(columns, rows)}\n\n${total}`;
}

function cell(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  const text = [...(typeof value === 'string' ? value : renderJson(value))];
  return text.length <= CELL ? text.join('') : `${text.slice(0, CELL - 1).join('')}…`;
}

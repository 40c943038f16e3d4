/** `moonlighter eval`: one chunk of Lua with the full API, in one transaction; prints what it returns. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, NotFoundError, UsageError } from '../domain/errors.js';
import { action, foreground, type GlobalOptions, type Invocation, withProject } from './command.js';
import { renderJson } from './json-output.js';
import { userOption } from './options.js';

interface Options extends GlobalOptions {
  file?: string;
  user?: string;
  rollback?: boolean;
}

const EXAMPLES = `
Examples:
  moonlighter eval 'return crap.collections.count("messages")'
  moonlighter eval --file fix.lua --rollback
  echo 'return 1 + 1' | moonlighter eval -`;

export function registerEval(command: Command, invocation: Invocation): void {
  command
    .option('-f, --file <path>', 'the chunk stands in this file')
    .addOption(userOption())
    .option('--rollback', 'undo what it did to the database')
    .addHelpText('after', EXAMPLES);
  action<Options, [string | undefined]>(command, invocation, async ({ output }, options, lua) => {
    const chunk = await chunkOf(invocation, options, lua);
    await withProject(invocation, options, async (opened) => {
      const { evalChunk } = await import('../operations/eval-chunk.js');
      const values = await evalChunk(opened, {
        ...chunk,
        rollback: options.rollback === true,
        ...foreground(invocation, options),
      });
      const document = { value: values[0] ?? null, ...(values.length > 1 && { values }) };
      output.result(document, () => values.map(valueText).join('\n'));
    });
  });
}

async function chunkOf(
  { cwd, stdin }: Invocation,
  options: Options,
  lua: string | undefined,
): Promise<{ source: string; chunkName: string }> {
  if ((lua === undefined) === (options.file === undefined)) {
    throw new UsageError('USAGE', 'give the chunk as an argument, as a file with --file, or as - for stdin', {
      remedy: `moonlighter eval 'return 1 + 1'`,
    });
  }
  if (options.file !== undefined) {
    const path = resolve(cwd, options.file);
    try {
      return { source: await readFile(path, 'utf8'), chunkName: `@${options.file}` };
    } catch (error) {
      throw new NotFoundError('FILE_MISSING', `the file ${path} cannot be read (${messageOf(error)})`, { details: { path } });
    }
  }
  if (lua !== '-') return { source: lua!, chunkName: '=eval' };
  const chunks: Buffer[] = [];
  for await (const part of stdin) chunks.push(Buffer.from(part));
  return { source: Buffer.concat(chunks).toString('utf8'), chunkName: '=stdin' };
}

/** Text as it is, everything else as JSON. */
function valueText(value: unknown): string {
  if (value === null) return 'nil';
  return typeof value === 'string' ? value : renderJson(value, 2);
}

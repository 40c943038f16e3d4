/** `moonlighter collections get`: one document. */
import type { Command } from 'commander';
import { getDocument } from '../operations/get-document.js';
import { jsonObject } from '../operations/json-argument.js';
import { action, type GlobalOptions, type Invocation, scriptLog, withProject } from './command.js';
import { renderJson } from './json-output.js';
import { userOption } from './options.js';

interface Options extends GlobalOptions {
  user?: string;
}

export function registerCollectionsGet(parent: Command, invocation: Invocation): void {
  const command = parent.command('get <slug> <id>').description('one document').addOption(userOption());
  action<Options, [string, string]>(command, invocation, ({ output, signals }, options, slug, id) =>
    withProject(invocation, options, async (opened) => {
      const user = options.user === undefined ? undefined : jsonObject(options.user, 'user');
      const document = await getDocument(opened, { slug, id, user, log: scriptLog(output), signal: signals.signal });
      output.result(document, () => renderJson(document, 2));
    }),
  );
}

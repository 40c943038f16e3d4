/** `moonlighter collections get`: one document. */
import type { Command } from 'commander';
import { action, foreground, type GlobalOptions, type Invocation, withProject } from './command.js';
import { renderJson } from './json-output.js';
import { userOption } from './options.js';

interface Options extends GlobalOptions {
  user?: string;
}

export function registerCollectionsGet(parent: Command, invocation: Invocation): void {
  const command = parent.command('get <slug> <id>').description('one document').addOption(userOption());
  action<Options, [string, string]>(command, invocation, ({ output }, options, slug, id) =>
    withProject(invocation, options, async (opened) => {
      const { getDocument } = await import('../operations/get-document.js');
      const document = await getDocument(opened, { slug, id, ...foreground(invocation, options) });
      output.result(document, () => renderJson(document, 2));
    }),
  );
}

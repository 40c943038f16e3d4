/** `moonlighter collections create|update|delete`: one document, in one transaction with all that its hooks do. */
import type { Command } from 'commander';
import { jsonObject } from '../operations/json-argument.js';
import { action, foreground, type GlobalOptions, type Invocation, withProject } from './command.js';
import { renderJson } from './json-output.js';
import { dataOption, userOption } from './options.js';

interface Options extends GlobalOptions {
  user?: string;
}

interface DataOptions extends Options {
  data: string;
}

export function registerCollectionsWrite(parent: Command, invocation: Invocation): void {
  registerCreate(parent, invocation);
  registerUpdate(parent, invocation);
  registerDelete(parent, invocation);
}

function registerCreate(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('create <slug>')
    .description('create a document; its hooks run')
    .addOption(dataOption().makeOptionMandatory())
    .addOption(userOption())
    .addHelpText('after', `\nExample:\n  moonlighter collections create posts -d '{"title": "Hello"}'`);
  action<DataOptions, [string]>(command, invocation, ({ output }, options, slug) => {
    const data = jsonObject(options.data);
    return withProject(invocation, options, async (opened) => {
      const { createDocument } = await import('../operations/create-document.js');
      const document = await createDocument(opened, { slug, data, ...foreground(invocation, options) });
      output.result(document, () => renderJson(document, 2));
    });
  });
}

function registerUpdate(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('update <slug> <id>')
    .description('change fields of a document; its hooks run')
    .addOption(dataOption().makeOptionMandatory())
    .addOption(userOption());
  action<DataOptions, [string, string]>(command, invocation, ({ output }, options, slug, id) => {
    const data = jsonObject(options.data);
    return withProject(invocation, options, async (opened) => {
      const { updateDocument } = await import('../operations/update-document.js');
      const document = await updateDocument(opened, { slug, id, data, ...foreground(invocation, options) });
      output.result(document, () => renderJson(document, 2));
    });
  });
}

function registerDelete(parent: Command, invocation: Invocation): void {
  const command = parent.command('delete <slug> <id>').description('delete a document; its hooks run').addOption(userOption());
  action<Options, [string, string]>(command, invocation, ({ output }, options, slug, id) =>
    withProject(invocation, options, async (opened) => {
      const { deleteDocument } = await import('../operations/delete-document.js');
      await deleteDocument(opened, { slug, id, ...foreground(invocation, options) });
      output.result({ id, deleted: true }, () => `Deleted ${id}`);
    }),
  );
}

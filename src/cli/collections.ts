/** `moonlighter collections`: the documents of a project; its hooks and access rules run as they do from Lua. */
import type { Command } from 'commander';
import { registerCollectionsFind } from './collections-find.js';
import { registerCollectionsGet } from './collections-get.js';
import { registerCollectionsWrite } from './collections-write.js';
import { action, type GlobalOptions, type Invocation, withProject } from './command.js';
import { table } from './output.js';

export function registerCollections(collections: Command, invocation: Invocation): void {
  registerList(collections, invocation);
  registerCollectionsFind(collections, invocation);
  registerCollectionsGet(collections, invocation);
  registerCollectionsWrite(collections, invocation);
}

function registerList(parent: Command, invocation: Invocation): void {
  const command = parent.command('list').description('every collection with its number of documents');
  action<GlobalOptions>(command, invocation, ({ output }, options) =>
    withProject(invocation, options, async (opened) => {
      const { listCollections } = await import('../operations/list-collections.js');
      const views = await listCollections(opened);
      output.result(views, () =>
        views.length === 0
          ? 'No collections defined.'
          : table(
              ['Collection', 'Fields', 'Documents'],
              views.map((view) => [view.slug, String(view.fields), String(view.documents)]),
            ),
      );
    }),
  );
}

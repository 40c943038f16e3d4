/** The types of a whole project: a model that printers turn into annotations of a language. */
import type { CheckedProject } from './check-project.js';
import type { Registry } from './registry.js';
import { accessorOf, describeCollection, plainCalls, type Typing } from './types-collections.js';
import { describeGlobal, globalFamily, PLAIN_GLOBAL_CALLS } from './types-globals.js';
import { describeJob, ProjectAnnotations } from './types-jobs.js';
import { type Declaration, type Described, type Member, member, Names, named, type ProjectTypes, pascal } from './types-model.js';

/** `project`: as loaded, without errors. Reads the annotations of its Lua files. The same project gives the same types. */
export function typesOf(project: Pick<CheckedProject, 'dir' | 'config' | 'generation' | 'registry'>): ProjectTypes {
  const { generation, registry, config } = project;
  const collections = inOrder(registry.collections);
  const globals = inOrder(registry.globals);
  const jobs = inOrder(registry.jobs);
  const collectionNames = namesFor(collections.map(({ slug }) => slug));
  const typing: Typing = {
    generation,
    locales: config.locale.locales,
    defaultLocale: config.locale.default_locale,
    documents: new Map(collections.map(({ slug }, i) => [slug, `crap.doc.${collectionNames[i]}`])),
    names: new Names(),
  };
  const globalNames = namesFor(globals.map(({ slug }) => slug));
  const jobNames = namesFor(jobs.map(({ slug }) => slug));
  const annotations = new ProjectAnnotations(project.dir);
  const described = {
    collections: collections.map((definition, i) => describeCollection(typing, definition, collectionNames[i]!)),
    globals: globals.map((definition, i) => describeGlobal(typing, definition, globalNames[i]!)),
    jobs: jobs.map((job, i) => describeJob(job, jobNames[i]!, annotations)),
  };
  return { generation, ...described, additions: generation === 10 ? accessors(registry, described.collections, described.globals) : [] };
}

function inOrder<T extends { slug: string }>(definitions: ReadonlyMap<string, T>): T[] {
  return [...definitions.values()].sort((a, b) => (a.slug < b.slug ? -1 : 1));
}

function namesFor(slugs: readonly string[]): string[] {
  const names = new Names();
  return slugs.map((slug) => names.unique(pascal(slug) || 'Unnamed'));
}

/** `crap.collections.<slug>` and `crap.globals.<slug>`. */
function accessors(registry: Registry, collections: readonly Described[], globals: readonly Described[]): Declaration[] {
  const declarations: Declaration[] = [];
  const add = (space: string, described: readonly Described[], declare: (one: Described) => Declaration) => {
    const members: Member[] = described.map((one) => {
      const declaration = declare(one);
      declarations.push(declaration);
      return member(one.slug, named(declaration.name));
    });
    if (members.length > 0) declarations.push({ kind: 'class', name: space, parents: [], members });
  };
  add('crap.Collections', collections, (one) =>
    accessorOf(
      one,
      `crap.collection.${one.name}`,
      plainCalls(registry.collections.get(one.slug)!),
      (family) => `crap.${family}.${one.name}`,
    ),
  );
  add('crap.Globals', globals, (one) => accessorOf(one, `crap.global.${one.name}`, PLAIN_GLOBAL_CALLS, globalFamily(one.slug, one.name)));
  return declarations;
}

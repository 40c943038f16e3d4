// Bugs in content: what drafts build on, what the trash and versions leave in search and in counts, what of a version is looked at.
const HISTORIES = 'test/property/histories.test.ts';
const FOREIGN = 'test/content/versions-foreign.test.ts';
const VERSIONS = 'test/content/versions.test.ts';
const SEARCH = 'test/content/search.test.ts';
const DRAFT = 'src/content/draft.ts';
const RESTORE = 'src/content/restore-version.ts';
const STATE = 'src/content/validate-state.ts';

export const mutants = [
  {
    name: 'a draft builds on the row alone',
    file: DRAFT,
    edits: [{ search: 'return pending ? merged(stored, pending.state) : stored;', replace: 'return stored;' }],
    tests: [HISTORIES, VERSIONS],
  },
  {
    name: 'unpublishing puts the row on top of a pending draft',
    file: DRAFT,
    edits: [
      {
        search: "yield* addVersionOf(ctx, plan, id, 'draft', yield* draftState(ctx, plan, id));",
        replace: "yield* addVersionOf(ctx, plan, id, 'draft', (yield* readState(ctx, plan, id))!);",
      },
    ],
    tests: [HISTORIES, VERSIONS],
  },
  {
    name: 'what comes out of the trash is not found',
    file: 'src/content/undelete.ts',
    edits: [{ search: 'yield* addToSearch(ctx, plan, id);', replace: '' }],
    tests: [HISTORIES],
  },
  {
    name: 'what is restored is found by what it was',
    file: RESTORE,
    edits: [{ search: 'yield* refreshSearch(ctx, plan, id);', replace: '' }],
    tests: [HISTORIES],
  },
  {
    name: 'restoring does not move the counts of references',
    file: RESTORE,
    edits: [{ search: 'yield* countReferences(ctx, before, yield* referencesOf(ctx, plan, id));', replace: '' }],
    tests: [HISTORIES],
  },
  {
    name: 'what is deleted for good goes on to count',
    file: 'src/content/delete.ts',
    edits: [{ search: 'if (refersAtAll(plan)) yield* countReferences(ctx, yield* referencesOf(ctx, plan, id), new Map());', replace: '' }],
    tests: [HISTORIES],
  },
  {
    name: 'a version is looked at in the default locale alone',
    file: STATE,
    edits: [{ search: 'for (const locale of otherLocales(plan)) {', replace: 'for (const locale of otherLocales(plan).slice(9)) {' }],
    tests: [FOREIGN],
  },
  {
    name: 'a version may lack what is required by now',
    file: RESTORE,
    edits: [{ search: 'draft ? undefined : yield* whatIsStored(ctx, plan, id)', replace: 'undefined' }],
    tests: [FOREIGN],
  },
  {
    name: 'a pending draft is published unseen',
    file: STATE,
    edits: [
      {
        search: 'if (!pending) return yield* validate(ctx, plan, input, scope);',
        replace: 'return yield* validate(ctx, plan, input, scope);',
      },
    ],
    tests: [FOREIGN, HISTORIES],
  },
  {
    name: 'what an update gives is written over what its draft has',
    file: 'src/content/update.ts',
    edits: [{ search: 'without(pending.state, columns.names)', replace: 'pending.state' }],
    tests: [FOREIGN],
  },
  {
    name: 'search looks into hidden fields',
    file: 'src/content/search.ts',
    edits: [{ search: 'names = names.filter((name) => !never(name));', replace: '' }],
    tests: [SEARCH],
  },
];

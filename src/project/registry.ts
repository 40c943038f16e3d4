/** What a project defines, as plain data; filled while its files run, then read by everything else. */
import type { CollectionDefinition, GlobalDefinition } from '../content/schema.js';
import type { JobDefinition } from '../domain/job.js';

export interface Registry {
  collections: Map<string, CollectionDefinition>;
  globals: Map<string, GlobalDefinition>;
  jobs: Map<string, JobDefinition>;
}

export function emptyRegistry(): Registry {
  return { collections: new Map(), globals: new Map(), jobs: new Map() };
}

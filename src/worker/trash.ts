/** What the host purges of a project's trash, and how: over the content layer, which it does not know itself. */
import { contentSettings } from '../bindings/content-context.js';
import type { CrapConfig } from '../config/crap-config.js';
import { hostContext, purgeTrash, type TrashPlace } from '../content/purge-trash.js';
import type { Clock } from '../domain/clock.js';
import { parseDuration } from '../domain/duration.js';
import { HostError } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import type { Registry } from '../project/registry.js';
import type { Db } from '../store/db.js';

/** One collection whose trash is emptied. */
export interface TrashRule {
  slug: string;
  afterMs: number;
  /** Looks at `limit` documents; `last`: where to go on, undefined = at the end. */
  purge(db: Db, after: TrashPlace | undefined, limit: number): Op<{ deleted: number; last?: TrashPlace }>;
}

/** Those with `soft_delete_retention`; a text that is no duration was reported when the project was loaded, and purges nothing. */
export function trashRules(project: { registry: Registry; config: CrapConfig; generation: 8 | 10 }, clock: Clock): TrashRule[] {
  const { registry } = project;
  const settings = contentSettings(project.config, project.generation);
  return [...registry.collections.values()].flatMap(({ slug, softDelete, softDeleteRetention }) => {
    const seconds = softDelete && softDeleteRetention !== undefined ? secondsOf(softDeleteRetention) : undefined;
    if (seconds === undefined) return [];
    const afterMs = seconds * 1000;
    return {
      slug,
      afterMs,
      purge: (db, after, limit) =>
        purgeTrash(hostContext(db, registry, settings, clock), { slug, olderThan: clock.now() - afterMs, after, limit }),
    } satisfies TrashRule;
  });
}

function secondsOf(text: string): number | undefined {
  try {
    return parseDuration(/^\d+$/.test(text) ? Number(text) : text);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}

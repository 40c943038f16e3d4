/** The handler of a module job: the module is loaded by the first run that needs it, one that does not load fails its runs. */
import { HostError } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { ScriptHandler } from './script-context.js';

/** Rejects with what the module threw, and with HANDLER_NOT_FOUND where it does not export the function. */
export async function moduleHandler({ slug, module = '', handler: { ref } }: JobDefinition): Promise<ScriptHandler<Json>> {
  const loaded = (await import(module)) as Record<string, unknown>;
  const handler = loaded[ref];
  if (typeof handler === 'function') return handler as ScriptHandler<Json>;
  throw new HostError('HANDLER_NOT_FOUND', `job '${slug}': the module ${module} exports no function '${ref}'`, {
    remedy: 'export the handler as default, or name its export in defineJob',
  });
}

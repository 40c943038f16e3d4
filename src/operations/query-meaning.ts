/** Options of a query that content ignores where they mean nothing: whoever typed one would take the answer for another. */
import type { CollectionDefinition } from '../content/schema.js';
import { UsageError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import type { OpenedProject } from './open-project.js';

/** Throws UsageError NO_TRASH, NO_DRAFTS, LOCALE_INVALID. */
export function checkMeaning(opened: OpenedProject, collection: CollectionDefinition, query: JsonObject): void {
  const { slug } = collection;
  if (query['trash'] === true && !collection.softDelete) {
    throw new UsageError('NO_TRASH', `'${slug}' has no trash: what is deleted there is gone`, {
      remedy: 'set soft_delete = true in its definition, or leave the option out',
      details: { slug },
    });
  }
  if (query['draft'] === true && !collection.versions?.drafts) {
    throw new UsageError('NO_DRAFTS', `'${slug}' has no drafts: its documents are always published`, {
      remedy: 'set versions = true in its definition, or leave the option out',
      details: { slug },
    });
  }
  const locale = query['locale'];
  const { locales } = opened.project.config.locale;
  if (typeof locale !== 'string' || (locales.length > 0 && (locale === 'all' || locales.includes(locale)))) return;
  const remedy =
    locales.length === 0 ? 'set [locale] locales in crap.toml, or leave the option out' : `give one of ${locales.join(', ')}, or all`;
  const what = locales.length === 0 ? `Invalid locale '${locale}': the project has no locales` : `Invalid locale '${locale}'`;
  throw new UsageError('LOCALE_INVALID', what, { remedy, details: { locale, locales: [...locales] } });
}

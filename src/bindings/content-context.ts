/** Builds what content operations are given from a session and the database context of its run. */
import type { CrapConfig } from '../config/crap-config.js';
import { isLater } from '../config/generation.js';
import type { ChangeSink } from '../content/changes.js';
import type { ContentContext, ContentSettings, InProjectCode, PasswordPolicy } from '../content/context.js';
import type { Op } from '../domain/op.js';
import type { EffectList } from './effects.js';
import { hashPassword } from './password.js';
import type { DatabaseContext, Session } from './session.js';

/** The settings of content operations, as crap.toml has them. */
export function contentSettings(config: CrapConfig, generation: 8 | 10): ContentSettings {
  return {
    generation,
    defaultDeny: config.access.default_deny,
    maxHookDepth: config.hooks.max_depth,
    pagination: {
      defaultLimit: config.pagination.default_limit,
      maxLimit: config.pagination.max_limit,
      mode: config.pagination.mode,
    },
    depth: { default: config.depth.default_depth, max: config.depth.max_depth },
    locale: { default: config.locale.default_locale, locales: config.locale.locales, fallback: config.locale.fallback },
    passwordPolicy: isLater(generation, 'passwordsObeyThePolicy') ? policyOf(config) : undefined,
  };
}

function policyOf({ auth: { password_policy: policy } }: CrapConfig): PasswordPolicy {
  return {
    minLength: policy.min_length,
    maxLength: policy.max_length,
    requireUppercase: policy.require_uppercase,
    requireLowercase: policy.require_lowercase,
    requireDigit: policy.require_digit,
    requireSpecial: policy.require_special,
  };
}

/** One a run: hook depth and the default of overrideAccess change while hooks and access functions execute. */
export function createContentContext(session: Session, database: DatabaseContext): ContentContext {
  const context: ContentContext = {
    db: database.db,
    registry: session.registry,
    settings: session.contentSettings,
    lua: session.lua,
    clock: session.options.clock,
    user: database.user,
    uiLocale: database.uiLocale,
    hookDepth: 0,
    overrideAccessByDefault: database.overrideAccessByDefault,
    hashPassword,
    withoutCrud: false,
    nesting: 0,
    ...(database.effects && { changes: changeSink(session, database.effects) }),
    *within<T>(change: InProjectCode, body: () => Op<T>): Op<T> {
      const { hookDepth, overrideAccessByDefault, withoutCrud, nesting } = context;
      Object.assign(context, change);
      try {
        return yield* body();
      } finally {
        Object.assign(context, { hookDepth, overrideAccessByDefault, withoutCrud, nesting });
      }
    },
  };
  return context;
}

function changeSink(session: Session, effects: EffectList): ChangeSink {
  return {
    wants: (hooked) => hooked || session.database?.changes?.wanted() === true || session.lua.registered('before_broadcast').length > 0,
    add: (change) => effects.add(change),
  };
}

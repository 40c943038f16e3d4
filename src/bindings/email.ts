/** crap.email (Lua API 2.11, jobs page 9): queue writes a `_system_email` run; send needs a mail server, which comes later. */

import { type JsonObject, numberOf } from '../domain/json.js';
import { stringifyJson } from '../domain/json-text.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import type { LuaTable } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { SqlError } from '../store/db.js';
import { binding } from './binding.js';
import type { Session } from './session.js';
import { textOption } from './table-options.js';

export const EMAIL_SLUG = '_system_email';

interface Email {
  to: string;
  subject: string;
  html: string;
  text: string | undefined;
}

export function emailBindings(session: Session): Record<string, Binding> {
  return {
    send: binding(['table'], (options) => {
      const email = readEmail(options);
      if (session.options.config.email.smtp_host !== '') {
        throw new BindingError('NOT_AVAILABLE', 'crap.email.send through a mail server is not available in this version of moonlighter', {
          remedy: 'leave [email] smtp_host empty to have mails logged',
        });
      }
      session.log('info', `Email (no SMTP host configured, only logged): to=${email.to} subject=${JSON.stringify(email.subject)}`);
      return true;
    }),
    queue: binding(['table'], (options) => queueEmail(session, options)),
  };
}

function* queueEmail(session: Session, options: LuaTable): Op<string> {
  const context = session.requireDatabase();
  const email = readEmail(options);
  const { config, clock, store } = session.options;
  const retries = numberOf(options.get('retries'));
  const data: JsonObject = { to: email.to, subject: email.subject, html: email.html };
  if (email.text !== undefined) data['text'] = email.text;
  const request = {
    slug: EMAIL_SLUG,
    data: stringifyJson(data),
    queue: config.email.queue_name,
    maxAttempts: Math.max(Math.trunc(retries ?? config.email.queue_retries), 0) + 1,
    scheduledBy: 'system' as const,
  };
  try {
    const queued = yield* context.db.savepoint(() => store.enqueue(context.db, request, clock.now()));
    context.onQueued?.(EMAIL_SLUG);
    return queued.id;
  } catch (error) {
    if (error instanceof SqlError) throw new BindingError('QUEUE_FAILED', `email queue error: ${error.message}`, { cause: error });
    throw error;
  }
}

function readEmail(options: LuaTable): Email {
  const email = {
    to: textOption(options, 'to'),
    subject: textOption(options, 'subject'),
    html: textOption(options, 'html'),
    text: options.get('text') === undefined ? undefined : textOption(options, 'text'),
  };
  for (const field of ['to', 'subject'] as const) {
    if (/[\r\n\0]/.test(email[field])) {
      throw new BindingError('EMAIL_HEADER', `Email field '${field}' contains forbidden control characters — header injection rejected`);
    }
  }
  return email;
}

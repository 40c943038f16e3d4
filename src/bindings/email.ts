/** crap.email (Lua API 2.11, jobs page 9): send delivers now and waits for it; queue writes a `_system_email` run, sent by the host. */

import { HostError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import { stringifyJson } from '../domain/json-text.js';
import { type Op, waitFor } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import type { LuaTable } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { EMAIL_SLUG, headerProblem, type Mail } from '../mail/message.js';
import { createMailProvider, type Delivery, LogProvider, type MailProvider } from '../mail/provider.js';
import { emailQueueSettings } from '../mail/queue-settings.js';
import { SqlError } from '../store/db.js';
import { binding } from './binding.js';
import { checkDataSize } from './data-size.js';
import type { Session } from './session.js';
import { textOption, unsignedOption } from './table-options.js';

export function emailBindings(session: Session): Record<string, Binding> {
  const provider = createMailProvider(session.options.config.email);
  return {
    send: binding(['table'], (options) => sendEmail(session, provider, options)),
    queue: binding(['table'], (options) => queueEmail(session, options)),
  };
}

/** true once the server has taken the mail; it stays sent whatever becomes of the run's transaction. */
function* sendEmail(session: Session, provider: MailProvider, options: LuaTable): Op<boolean> {
  const mail = readOptions(options);
  const log: Delivery['log'] = (level, text) => session.log(level, text);
  if (provider instanceof LogProvider) {
    provider.write(mail, log);
    return true;
  }
  session.reachesOutside('email');
  const stop = new AbortController();
  try {
    yield* waitFor<void>({
      reason: 'email',
      start: () => provider.send(mail, { signal: stop.signal, log }),
      cancel: () => stop.abort(),
    });
  } catch (error) {
    if (!(error instanceof HostError) || error instanceof BindingError) throw error;
    const { message, remedy } = error;
    throw new BindingError('EMAIL_SEND', `email send error: ${message}`, { cause: error, ...(remedy !== undefined && { remedy }) });
  }
  return true;
}

function* queueEmail(session: Session, options: LuaTable): Op<string> {
  const context = session.requireDatabase();
  const mail = readOptions(options);
  const { config, generation, clock, store } = session.options;
  const settings = emailQueueSettings(config, generation);
  const data: JsonObject = { to: mail.to, subject: mail.subject, html: mail.html };
  if (mail.text !== undefined) data['text'] = mail.text;
  const text = stringifyJson(data);
  checkDataSize(EMAIL_SLUG, text);
  const request = {
    slug: EMAIL_SLUG,
    data: text,
    queue: settings.queue,
    maxAttempts: Math.trunc(unsignedOption(options, 'retries', 'u32') ?? settings.retries) + 1,
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

function readOptions(options: LuaTable): Mail {
  const mail: Mail = { to: textOption(options, 'to'), subject: textOption(options, 'subject'), html: textOption(options, 'html') };
  if (options.get('text') !== undefined) mail.text = textOption(options, 'text');
  const problem = headerProblem(mail);
  if (problem !== undefined) throw new BindingError('EMAIL_HEADER', problem);
  return mail;
}

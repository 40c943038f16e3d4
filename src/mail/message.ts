/** A mail as scripts hand it over and as a `_system_email` run carries it (Lua API 2.11, jobs page 9). */
import { HostError } from '../domain/errors.js';

/** The slug of queued mails: the host sends them itself, no definition has it. */
export const EMAIL_SLUG = '_system_email';

export interface Mail {
  /** One mailbox: `a@example.com` or `Name <a@example.com>`. */
  to: string;
  subject: string;
  html: string;
  text?: string;
}

/** The reference's text where a header would carry a line break or NUL; undefined = sound. */
export function headerProblem(mail: Mail): string | undefined {
  const field = (['to', 'subject'] as const).find((name) => /[\r\n\0]/.test(mail[name]));
  return field && `Email field '${field}' contains forbidden control characters — header injection rejected`;
}

/** The mail in the `data` of a run. Throws MAIL_DATA for anything else, and for headers that carry line breaks. */
export function readMail(data: string): Mail {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (error) {
    throw badData('it is no JSON', error);
  }
  if (typeof value !== 'object' || value === null) throw badData('it is no object');
  const { to, subject, html, text } = value as Record<string, unknown>;
  for (const [name, field] of Object.entries({ to, subject, html })) {
    if (typeof field !== 'string') throw badData(`'${name}' must be a string; found ${field === null ? 'null' : typeof field}`);
  }
  const mail = { to, subject, html } as Mail;
  if (typeof text === 'string') mail.text = text;
  else if (text !== undefined && text !== null) throw badData(`'text' must be a string or absent; found ${typeof text}`);
  const problem = headerProblem(mail);
  if (problem !== undefined) throw badData(problem);
  return mail;
}

function badData(problem: string, cause?: unknown): HostError {
  return new HostError('MAIL_DATA', `Invalid email job data: ${problem}`, {
    cause,
    remedy: 'queue mails with crap.email.queue{ to, subject, html, text? }',
  });
}

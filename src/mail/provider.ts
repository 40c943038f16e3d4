/** Who delivers mails: the SMTP server of [email], or, where none is named, the log. */
import type { LogLine } from '../domain/run.js';
import type { Mail } from './message.js';
import type { EmailSettings } from './smtp-provider.js';

export interface Delivery {
  /** Gives the delivery up: the connection is closed at once. */
  signal: AbortSignal;
  log(level: LogLine['level'], text: string): void;
  /** Names the mail across attempts, so that a receiver can tell a repetition; default a fresh one. */
  messageId?: string;
}

export interface MailProvider {
  /** Ends when the server has taken the mail. Rejects with a HostError that says what the server answered. */
  send(mail: Mail, delivery: Delivery): Promise<void>;
}

/** `trust`: certificates (PEM) trusted besides those that Node knows; others come by NODE_EXTRA_CA_CERTS. */
export function createMailProvider(settings: EmailSettings, options: { trust?: string } = {}): MailProvider {
  if (settings.provider !== 'smtp') return new LogProvider(`[email] provider is "${settings.provider}"`);
  if (settings.smtp_host === '') return new LogProvider('no SMTP host configured');
  return {
    // nodemailer is loaded with the first mail.
    async send(mail, delivery) {
      const { SmtpProvider } = await import('./smtp-provider.js');
      await new SmtpProvider(settings, options.trust).send(mail, delivery);
    },
  };
}

/** Logs and succeeds; nothing leaves the host. */
export class LogProvider implements MailProvider {
  readonly #why: string;

  constructor(why: string) {
    this.#why = why;
  }

  async send(mail: Mail, delivery: Delivery): Promise<void> {
    this.write(mail, delivery.log);
  }

  write(mail: Mail, log: Delivery['log']): void {
    log('info', `Email (${this.#why}, only logged): to=${mail.to} subject=${JSON.stringify(mail.subject)}`);
  }
}

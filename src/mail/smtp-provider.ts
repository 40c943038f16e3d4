/** Delivery over SMTP by nodemailer: one connection a mail, TLS and login as [email] says, given up at once when told to. */
import parseAddresses from 'nodemailer/lib/addressparser';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { CrapConfig } from '../config/crap-config.js';
import { HostError, messageOf } from '../domain/errors.js';
import type { Mail } from './message.js';
import { headerProblem } from './message.js';
import type { Delivery, MailProvider } from './provider.js';

export type EmailSettings = CrapConfig['email'];

/** starttls: the connection must become encrypted; tls: it is from its first byte; none: it never is. */
const TLS_MODES: Readonly<Record<string, { secure: boolean; requireTLS: boolean; ignoreTLS: boolean }>> = {
  starttls: { secure: false, requireTLS: true, ignoreTLS: false },
  tls: { secure: true, requireTLS: false, ignoreTLS: false },
  none: { secure: false, requireTLS: false, ignoreTLS: true },
};

/** After QUIT the server may take this long to close. */
const QUIT_PATIENCE_MS = 1_000;

export class SmtpProvider implements MailProvider {
  readonly #settings: EmailSettings;
  readonly #trust: string | undefined;

  constructor(settings: EmailSettings, trust?: string) {
    this.#settings = settings;
    this.#trust = trust;
  }

  async send(mail: Mail, delivery: Delivery): Promise<void> {
    const { smtp_user: user, smtp_pass: pass, from_address: from } = this.#settings;
    const problem = headerProblem(mail);
    if (problem !== undefined) throw new HostError('MAIL_HEADER', problem);
    const to = mailboxOf(mail.to);
    const message = await this.#compose(mail, to, delivery.messageId);
    delivery.signal.throwIfAborted();
    const connection = this.#connection();
    const steps = new Steps(connection, delivery.signal);
    try {
      await steps.take((done) => connection.connect(done));
      if (user !== '') await steps.take((done) => connection.login({ credentials: { user, pass } }, done));
      await steps.take((done) => connection.send({ from, to: [to.address] }, message, done));
      connection.quit();
      setTimeout(() => connection.close(), QUIT_PATIENCE_MS).unref();
    } catch (error) {
      connection.close();
      delivery.signal.throwIfAborted();
      throw this.#refused(error);
    } finally {
      steps.over();
    }
  }

  #connection(): SMTPConnection {
    const { smtp_host: host, smtp_port: port, smtp_tls, smtp_timeout } = this.#settings;
    const mode = TLS_MODES[smtp_tls];
    if (!mode) {
      throw new HostError('MAIL_SETTINGS', `[email] smtp_tls must be "starttls", "tls" or "none"; found "${smtp_tls}"`, {
        remedy: 'correct smtp_tls in crap.toml',
      });
    }
    const timeout = Math.min(Math.max(smtp_timeout, 1) * 1000, 2 ** 31 - 1);
    return new SMTPConnection({
      host,
      port,
      ...mode,
      connectionTimeout: timeout,
      greetingTimeout: timeout,
      socketTimeout: timeout,
      dnsTimeout: timeout,
      socketCloseTimeout: 0,
      allowInternalNetworkInterfaces: true,
      ...(this.#trust !== undefined && { tls: { ca: this.#trust } }),
    });
  }

  #compose(mail: Mail, to: Mailbox, messageId: string | undefined): Promise<Buffer> {
    const { from_address, from_name } = this.#settings;
    const composer = new MailComposer({
      from: { name: from_name, address: from_address },
      to,
      subject: mail.subject,
      html: mail.html,
      ...(mail.text !== undefined && { text: mail.text }),
      ...(messageId !== undefined && { messageId: `<${messageId}@${from_address.slice(from_address.lastIndexOf('@') + 1)}>` }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return new Promise((resolve, reject) => {
      composer.compile().build((error, message) => (error ? reject(error) : resolve(message as Buffer)));
    });
  }

  #refused(error: unknown): HostError {
    const { smtp_host, smtp_port } = this.#settings;
    return new HostError('MAIL_SMTP', `mail server ${smtp_host}:${smtp_port}: ${messageOf(error)}`, {
      cause: error,
      remedy: 'see [email] in crap.toml: smtp_host, smtp_port, smtp_tls, smtp_user, smtp_pass, smtp_timeout',
    });
  }
}

interface Mailbox {
  name: string;
  address: string;
}

/** Exactly one address: a list would let whoever fills `to` write to others. */
function mailboxOf(to: string): Mailbox {
  const parsed = parseAddresses(to);
  const [first] = parsed;
  if (parsed.length === 1 && first && 'address' in first && /^[^\s@<>,;:]+@[^\s@<>,;:]+$/.test(first.address ?? '')) {
    return { name: first.name, address: first.address as string };
  }
  throw new HostError(
    'MAIL_ADDRESS',
    `'to' must be one address such as a@example.com or Name <a@example.com>; found ${JSON.stringify(to)}`,
    {
      remedy: 'send one mail for each receiver',
    },
  );
}

/** The steps of a delivery: each ends with its own answer, or with the end of the connection or of the patience. */
class Steps {
  readonly #broken: Promise<never>;
  readonly #signal: AbortSignal;
  #abort = () => {};

  constructor(connection: SMTPConnection, signal: AbortSignal) {
    this.#signal = signal;
    this.#broken = new Promise((_, reject) => {
      connection.on('error', reject);
      connection.once('end', () => reject(new Error('the server closed the connection')));
      this.#abort = () => reject(signal.reason);
      signal.addEventListener('abort', this.#abort, { once: true });
    });
    this.#broken.catch(() => {});
  }

  take(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => begin((error) => (error ? reject(error) : resolve())));
    answered.catch(() => {});
    return Promise.race([answered, this.#broken]);
  }

  over(): void {
    this.#signal.removeEventListener('abort', this.#abort);
  }
}

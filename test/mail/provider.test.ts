/** Delivery to a real SMTP server: TLS, login, refusals, silence. */
import { afterEach, describe, expect, it } from 'vitest';
import { defaultCrapConfig } from '../../src/config/crap-config.js';
import type { Mail } from '../../src/mail/message.js';
import { createMailProvider, type Delivery } from '../../src/mail/provider.js';
import type { EmailSettings } from '../../src/mail/smtp-provider.js';
import { certificate } from './certificate.js';
import { MailServer, SilentServer } from './mail-server.js';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(options?: Parameters<typeof MailServer.start>[0]): Promise<MailServer> {
  const server = await MailServer.start(options);
  stops.push(() => server.stop());
  return server;
}

async function silent(greeting?: string): Promise<SilentServer> {
  const server = await SilentServer.start(greeting);
  stops.push(() => server.stop());
  return server;
}

const mail: Mail = { to: 'grace@example.com', subject: 'Grüße', html: '<p>Schön</p>', text: 'Schön' };

function provider(port: number, change: Partial<EmailSettings> = {}, trust?: string) {
  const settings = { ...defaultCrapConfig().email, smtp_host: '127.0.0.1', smtp_port: port, smtp_tls: 'none', ...change };
  return createMailProvider(settings as EmailSettings, trust === undefined ? {} : { trust });
}

function delivery(change: Partial<Delivery> = {}): Delivery {
  return { signal: new AbortController().signal, log: () => {}, ...change };
}

async function refusal(promise: Promise<void>): Promise<{ code: string; message: string }> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown as { code: string; message: string },
  );
  if (!error) throw new Error('the mail was sent');
  return error;
}

describe('the SMTP provider', () => {
  it('sends both parts, encoded, from the configured sender', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS', 'AUTH'] });
    await provider(server.port, { from_name: 'Cräp', from_address: 'cms@example.org' }).send(mail, delivery({ messageId: 'run-1' }));
    const [received] = server.received;
    expect(received).toMatchObject({ from: 'cms@example.org', to: ['grace@example.com'], user: undefined, secure: false });
    expect(received?.text).toContain('From: =?UTF-8?Q?Cr=C3=A4p?= <cms@example.org>\n');
    expect(received?.text).toContain('To: grace@example.com\n');
    expect(received?.text).toContain('Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\n');
    expect(received?.text).toContain('Message-ID: <run-1@example.org>\n');
    expect(received?.text).toMatch(
      /Content-Type: text\/plain; charset=utf-8[\s\S]*Sch=C3=B6n[\s\S]*Content-Type: text\/html; charset=utf-8/,
    );
  });

  it('sends HTML alone, to a named mailbox', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS'] });
    await provider(server.port).send({ to: 'Grace Hopper <grace@example.com>', subject: 's', html: '<b>x</b>' }, delivery());
    expect(server.received[0]?.to).toEqual(['grace@example.com']);
    expect(server.received[0]?.text).toContain('To: Grace Hopper <grace@example.com>\n');
    expect(server.received[0]?.text).not.toContain('text/plain');
  });

  it('upgrades with STARTTLS, and logs in under it', async () => {
    const server = await serve();
    await provider(server.port, { smtp_tls: 'starttls', smtp_user: 'ada', smtp_pass: 'pässword' }, certificate).send(mail, delivery());
    expect(server.received[0]).toMatchObject({ user: 'ada', secure: true });
  });

  it('speaks TLS from the start', async () => {
    const server = await serve({ secure: true });
    await provider(server.port, { smtp_tls: 'tls' }, certificate).send(mail, delivery());
    expect(server.received[0]?.secure).toBe(true);
  });

  it('sends nothing where STARTTLS is asked for and not offered', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS'] });
    const error = await refusal(provider(server.port, { smtp_tls: 'starttls' }).send(mail, delivery()));
    expect(error.code).toBe('MAIL_SMTP');
    expect(error.message).toMatch(/^mail server 127\.0\.0\.1:\d+: .*STARTTLS/);
    expect(server.received).toEqual([]);
  });

  it.each(['tls', 'starttls'])('trusts no certificate that signs itself (%s)', async (smtp_tls) => {
    const server = await serve({ secure: smtp_tls === 'tls' });
    const error = await refusal(provider(server.port, { smtp_tls }).send(mail, delivery()));
    expect(error.message).toMatch(/self-signed certificate/);
    expect(server.received).toEqual([]);
  });

  it('names a refused login', async () => {
    const server = await serve({ allowInsecureAuth: true, disabledCommands: ['STARTTLS'] });
    const error = await refusal(provider(server.port, { smtp_user: 'ada', smtp_pass: 'wrong' }).send(mail, delivery()));
    expect(error.message).toMatch(/: Invalid login: 535 .*no such user/);
    expect(error.message).not.toContain('wrong');
    expect(server.received).toEqual([]);
  });

  it('names a refused receiver and a refused message', async () => {
    const nobody = await serve({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such user'), { responseCode: 550 })),
    });
    expect((await refusal(provider(nobody.port).send(mail, delivery()))).message).toMatch(/550 no such user/);
    const full = await serve({
      onData: (stream, _session, done) => {
        stream.resume();
        stream.on('end', () => done(Object.assign(new Error('mailbox full'), { responseCode: 452 })));
      },
    });
    expect((await refusal(provider(full.port).send(mail, delivery()))).message).toMatch(/452 mailbox full/);
  });

  it('names a server that is not there', async () => {
    const server = await MailServer.start();
    const { port } = server;
    await server.stop();
    const error = await refusal(provider(port).send(mail, delivery()));
    expect(error).toMatchObject({ code: 'MAIL_SMTP' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it.each(['', '220 here\r\n'])('gives up a server that goes silent (after %j)', async (greeting) => {
    const server = await silent(greeting);
    const error = await refusal(provider(server.port, { smtp_timeout: 1 }).send(mail, delivery()));
    expect(error.message).toMatch(/timeout|Greeting never received/i);
    await server.left;
  });

  it('[STOP] closes the connection at once when it is given up', async () => {
    const server = await silent('220 here\r\n');
    const stop = new AbortController();
    const sending = refusal(provider(server.port).send(mail, delivery({ signal: stop.signal })));
    await server.met;
    stop.abort(new Error('given up'));
    expect((await sending).message).toBe('given up');
    await server.left;
    expect((await refusal(provider(server.port).send(mail, delivery({ signal: stop.signal })))).message).toBe('given up');
  });

  it.each([
    [{ to: 'a@example.com\r\nBcc: b@example.com' }, "Email field 'to' contains forbidden control characters — header injection rejected"],
    [{ subject: 'a\0b' }, "Email field 'subject' contains forbidden control characters — header injection rejected"],
    [{ to: 'a@example.com, b@example.com' }, /^'to' must be one address/],
    [{ to: 'friends: a@example.com, b@example.com;' }, /^'to' must be one address/],
    [{ to: 'Grace <>' }, /^'to' must be one address/],
    [{ to: 'grace' }, /^'to' must be one address/],
    [{ to: '' }, /^'to' must be one address/],
  ])('refuses %j before it connects', async (change, text) => {
    const server = await serve();
    const error = await refusal(provider(server.port).send({ ...mail, ...change }, delivery()));
    expect(error.message).toEqual(typeof text === 'string' ? text : expect.stringMatching(text));
    expect(server.received).toEqual([]);
  });

  it('refuses a TLS mode that it does not know', async () => {
    const error = await refusal(provider(9, { smtp_tls: 'ssl' }).send(mail, delivery()));
    expect(error).toMatchObject({ code: 'MAIL_SETTINGS', message: expect.stringContaining('found "ssl"') });
  });

  it.each([
    [{ smtp_host: '' }, 'no SMTP host configured'],
    [{ provider: 'custom' }, '[email] provider is "custom"'],
  ])('logs and succeeds with %j', async (change, why) => {
    const lines: string[] = [];
    await provider(9, change).send(mail, delivery({ log: (level, text) => lines.push(`${level} ${text}`) }));
    expect(lines).toEqual([`info Email (${why}, only logged): to=grace@example.com subject="Grüße"`]);
  });
});

/** crap.email.send through a real SMTP server. */
import { afterEach, describe, expect, it } from 'vitest';
import { MailServer, SilentServer } from '../mail/mail-server.js';
import { engines } from '../support/engines.js';
import { Benches } from './support.js';

describe.each(engines)('crap.email on $name', (engine) => {
  const benches = new Benches();
  const stops: (() => Promise<void>)[] = [];

  afterEach(async () => {
    benches.dispose();
    for (const stop of stops.splice(0)) await stop();
  });

  async function serve(): Promise<MailServer> {
    const server = await MailServer.start({ disabledCommands: ['STARTTLS'] });
    stops.push(() => server.stop());
    return server;
  }

  const through = (port: number) => ({ config: { email: { smtp_host: '127.0.0.1', smtp_port: port, smtp_tls: 'none' } } });
  const chunk = 'crap.email.send({ to = "grace@example.com", subject = 5, html = "<p>x</p>", cc = "ignored" })';

  it('sends a mail, as a call outside', async () => {
    const server = await serve();
    const bench = await benches.open(engine, through(server.port));
    await bench.enter();
    expect(await bench.value(`return ${chunk}`)).toBe(true);
    bench.rollback();
    expect(server.received.map((mail) => [mail.from, mail.to])).toEqual([['noreply@example.com', ['grace@example.com']]]);
    expect(server.received[0]?.text).toContain('From: Crap CMS <noreply@example.com>\n');
    expect(server.received[0]?.text).toContain('Subject: 5\n');
    expect(bench.outside).toEqual(['email']);
    expect(bench.lines).toEqual([]);
  });

  it('raises what the server answered', async () => {
    const server = await MailServer.start({
      disabledCommands: ['STARTTLS'],
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such user'), { responseCode: 550 })),
    });
    stops.push(() => server.stop());
    const bench = await benches.open(engine, through(server.port));
    const [ok, code, text] = await bench.run(`local ok, e = pcall(function() ${chunk} end) return ok, e.code, e.message`);
    expect([ok, code]).toEqual([false, 'EMAIL_SEND']);
    expect(text).toMatch(/^email send error: mail server 127\.0\.0\.1:\d+: .*550 no such user$/);
  });

  it('refuses line breaks before it connects, and lists of receivers', async () => {
    const server = await serve();
    const bench = await benches.open(engine, through(server.port));
    expect(await bench.failure('crap.email.send({ to = "a@b.c", subject = "s\\r\\nX: y", html = "h" })')).toBe(
      "runtime error: Email field 'subject' contains forbidden control characters — header injection rejected",
    );
    expect(await bench.failure('crap.email.send({ to = "a@b.c, d@e.f", subject = "s", html = "h" })')).toMatch(
      /^runtime error: email send error: 'to' must be one address/,
    );
    expect(server.received).toEqual([]);
  });

  it('[STOP] closes the connection of a run that is given up', async () => {
    const server = await SilentServer.start('220 here\r\n');
    stops.push(() => server.stop());
    const bench = await benches.open(engine, through(server.port));
    const step = bench.session.vm.execute(chunk, '=test').next();
    if (step.done) throw new Error('did not wait');
    expect(step.value.reason).toBe('email');
    const waiting = step.value.start().then(
      () => 'sent',
      () => 'given up',
    );
    await server.met;
    step.value.cancel?.();
    expect(await waiting).toBe('given up');
    await expect(server.left).resolves.toBeUndefined();
  });
});

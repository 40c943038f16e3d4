/** Queued mails, executed by a real host against a real SMTP server. */
import { afterEach, describe, expect, it } from 'vitest';
import { MailServer, SilentServer } from '../mail/mail-server.js';
import { job, RunningHost } from './running.js';

describe('queued mails', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  async function serve(options: Parameters<typeof MailServer.start>[0] = {}): Promise<MailServer> {
    const server = await MailServer.start({ disabledCommands: ['STARTTLS'], ...options });
    stops.push(() => server.stop());
    return server;
  }

  async function start(port: number, settings = '', files: Record<string, string> = {}): Promise<RunningHost> {
    const running = await RunningHost.start({
      'crap.toml': `[email]\nsmtp_host = "127.0.0.1"\nsmtp_port = ${port}\nsmtp_tls = "none"\n${settings}`,
      ...files,
    });
    stops.push(() => running.dispose());
    return running;
  }

  const mail = (number: number) => ({ to: `n${number}@example.com`, subject: 's', html: 'h' });

  it('are sent when their transaction is committed, and completed without a result', async () => {
    const server = await serve();
    const welcome = job(
      'welcome',
      '',
      `local id = crap.email.queue({ to = "grace@example.com", subject = "Hello", html = "<p>x</p>", text = "x" })
       if ctx.data.fail then error("no") end
       return { id = id }`,
    );
    const running = await start(server.port, '', welcome);
    const [failing, working] = (await running.enqueue('welcome', [{ fail: true }, {}])) as [string, string];
    await running.ended(3);
    expect(running.run(failing).status).toBe('failed');
    const { id } = JSON.parse(running.run(working).result!) as { id: string };
    expect(running.run(id)).toMatchObject({ slug: '_system_email', status: 'completed', result: null, attempt: 1, error: null });
    expect(server.received.map((received) => received.to)).toEqual([['grace@example.com']]);
    expect(server.received[0]?.text).toContain(`Message-ID: <${id}@example.com>\n`);
  });

  it('are tried again after a refusal, and failed when no attempt is left', async () => {
    let refusals = 0;
    const server = await serve({
      onRcptTo: (_address, _session, done) => {
        refusals++;
        done(Object.assign(new Error('not now'), { responseCode: 450 }));
      },
    });
    const running = await start(server.port);
    const [retried] = (await running.enqueue('_system_email', [mail(1)], { maxAttempts: 4, queue: 'email' })) as [string];
    const [last] = (await running.enqueue('_system_email', [mail(2)], { maxAttempts: 1, queue: 'email' })) as [string];
    await running.ended(2);
    expect(running.run(retried)).toMatchObject({ status: 'pending', attempt: 1 });
    expect(running.run(retried).dueAt).toBeGreaterThan(Date.now());
    expect(running.run(last).status).toBe('failed');
    expect(running.run(last).error).toMatch(/^mail server 127\.0\.0\.1:\d+: .*450 not now/);
    expect(refusals).toBe(2);
  });

  it('that carry nonsense fail with what is wrong, and do not stay running', async () => {
    const server = await serve();
    const running = await start(server.port);
    const [id] = (await running.enqueue('_system_email', [{ to: 'a@example.com' }], { queue: 'email' })) as [string];
    await running.ended(1);
    expect(running.run(id)).toMatchObject({
      status: 'failed',
      error: "Invalid email job data: 'subject' must be a string; found undefined",
    });
  });

  it('[STOP] end at queue_timeout when the server hangs, its connection closed', async () => {
    const server = await SilentServer.start('220 here\r\n');
    stops.push(() => server.stop());
    const running = await start(server.port, 'queue_timeout = 1\n');
    const [id] = (await running.enqueue('_system_email', [mail(1)], { queue: 'email' })) as [string];
    await running.ended(1);
    expect(running.finished[0]).toMatchObject({ outcome: 'timed_out' });
    expect(running.run(id)).toMatchObject({ status: 'failed', error: 'timeout after 1s' });
    await server.left;
  });

  it('[CAPS] are sent queue_concurrency at a time', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const server = await serve({
      onMailFrom: (_address, _session, done) => {
        waiting.push(done);
        most = Math.max(most, waiting.length);
        if (waiting.length === 2) for (const go of waiting.splice(0)) go();
      },
    });
    const running = await start(server.port, 'queue_concurrency = 2\n');
    await running.enqueue('_system_email', [1, 2, 3, 4, 5, 6].map(mail), { queue: 'email' });
    await running.ended(6);
    expect(running.finished.map((end) => end.outcome)).toEqual(Array(6).fill('completed'));
    expect(most).toBe(2);
    expect(server.received).toHaveLength(6);
  });

  it('are only logged without a mail server, in the lines of their run', async () => {
    const running = await RunningHost.start({ 'crap.toml': '' });
    stops.push(() => running.dispose());
    const [id] = (await running.enqueue('_system_email', [mail(1)], { queue: 'email' })) as [string];
    await running.ended(1);
    expect(running.run(id).status).toBe('completed');
    expect(running.log.filter((event) => event.run === id).map((event) => event.line.text)).toEqual([
      'Email (no SMTP host configured, only logged): to=n1@example.com subject="s"',
    ]);
  });

  it('are given back unharmed when the host stops', async () => {
    const server = await SilentServer.start('220 here\r\n');
    stops.push(() => server.stop());
    const running = await start(server.port, '', { 'moonlighter.toml': '[jobs]\nshutdown_grace = 0\n' });
    const [id] = (await running.enqueue('_system_email', [mail(1)], { queue: 'email' })) as [string];
    await server.met;
    await running.host.stop('test');
    expect(running.run(id)).toMatchObject({ status: 'pending', attempt: 0 });
  });
});

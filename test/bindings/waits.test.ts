/** Every binding that can wait suspends its run: another run of the same thread goes on and ends meanwhile. */

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closeConnections } from '../../src/bindings/http-request.js';
import { MailServer } from '../mail/mail-server.js';
import { engines } from '../support/engines.js';
import { Benches } from './support.js';

interface Gate {
  /** Lua that waits, and what it returns. */
  chunk: string;
  result: unknown;
  /** Lets it go on; what takes its own time needs nothing. */
  open(): void;
}

const bindingsFolder = new URL('../../src/bindings/', import.meta.url);

/** Binding -> the reason of its wait. The database's own wait, for the write queue, is below the bindings: test/host/waiting.test.ts. */
const WAITING: Record<string, string> = {
  'crap.sleep': 'sleep',
  'crap.http.request': 'http',
  'crap.http.all': 'http',
  'crap.email.send': 'email',
  'crap.auth.hash_password': 'password',
  'crap.auth.verify_password': 'password',
};

describe('the list of waiting bindings', () => {
  it('has every reason for which a binding waits', () => {
    const reasons = readdirSync(bindingsFolder).flatMap((file) =>
      [...readFileSync(new URL(file, bindingsFolder), 'utf8').matchAll(/reason: '([a-z_]+)'/g)].map((match) => match[1] as string),
    );
    expect([...new Set(reasons)].sort()).toEqual([...new Set(Object.values(WAITING))].sort());
  });
});

describe.each(engines)('on $name', (engine) => {
  const benches = new Benches();
  const stops: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    benches.dispose();
    closeConnections();
    for (const stop of stops.splice(0)) await stop();
  });

  /** A web server that holds every answer until `open`. */
  async function webGate(): Promise<{ url: string; open(): void }> {
    let open = () => {};
    const opened = new Promise<void>((done) => {
      open = done;
    });
    const server: Server = createServer((_request, response) => void opened.then(() => response.end('answer')));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    stops.push(() => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, open };
  }

  const gates: Record<string, () => Promise<Gate & { mailPort?: number }>> = {
    'crap.sleep': async () => ({ chunk: 'crap.sleep(0.02) return "slept"', result: 'slept', open: () => {} }),
    'crap.http.request': async () => {
      const { url, open } = await webGate();
      return { chunk: `return crap.http.request({ url = "${url}" }).body`, result: 'answer', open };
    },
    'crap.http.all': async () => {
      const { url, open } = await webGate();
      return { chunk: `return crap.http.all({ { url = "${url}" }, { url = "${url}" } })[2].body`, result: 'answer', open };
    },
    'crap.email.send': async () => {
      let open = () => {};
      const opened = new Promise<void>((done) => {
        open = done;
      });
      const server = await MailServer.start({
        disabledCommands: ['STARTTLS'],
        onMailFrom: (_address, _session, done) => void opened.then(() => done()),
      });
      stops.push(() => server.stop());
      const chunk = 'return crap.email.send({ to = "a@example.com", subject = "s", html = "h" })';
      return { chunk, result: true, open, mailPort: server.port };
    },
    'crap.auth.hash_password': async () => ({ chunk: 'return #crap.auth.hash_password("x")', result: 97, open: () => {} }),
    'crap.auth.verify_password': async () => ({
      chunk: `return crap.auth.verify_password("x", "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$8qPpaWig0H31wvibKAgpght2Ry2M8rtRQYtZ93ooMus")`,
      result: false,
      open: () => {},
    }),
  };

  it('every binding of the list is tried', () => {
    expect(Object.keys(gates).sort()).toEqual(Object.keys(WAITING).sort());
  });

  it.each(Object.keys(WAITING))('%s holds up no other run of the thread', async (name) => {
    const gate = await gates[name]!();
    const email = { smtp_host: '127.0.0.1', smtp_port: gate.mailPort ?? 9, smtp_tls: 'none' };
    const waiting = await benches.open(engine, { http: ['127.0.0.1'], config: { email } });
    const other = await benches.open(engine);
    const op = waiting.session.vm.execute(gate.chunk, '=waiting');
    const step = op.next();
    if (step.done) throw new Error('did not wait');
    expect(step.value.reason).toBe(WAITING[name]);
    const under = step.value.start();
    expect(await other.value('local n = 0 for i = 1, 1000 do n = n + i end return n')).toBe(500500);
    gate.open();
    const end = op.next(await under);
    expect(end.done).toBe(true);
    expect((end.value as unknown[])[0]).toBe(gate.result);
  });
});

/** A real SMTP server on 127.0.0.1 that keeps what it takes. */

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { certificate, key } from './certificate.js';

export interface Received {
  from: string;
  to: string[];
  user: string | undefined;
  secure: boolean;
  /** The message as sent, line ends as \n. */
  text: string;
}

export class MailServer {
  readonly received: Received[] = [];
  readonly #server: SMTPServer;
  readonly #watchers = new Set<() => void>();

  private constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      key,
      cert: certificate,
      authOptional: true,
      disableReverseLookup: true,
      closeTimeout: 100,
      onAuth: (auth, _session, done) => {
        if (auth.username === 'ada' && auth.password === 'pässword') done(null, { user: 'ada' });
        else done(new Error('no such user'));
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          this.received.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map((receiver) => receiver.address),
            user: session.user,
            secure: session.secure,
            text: Buffer.concat(chunks).toString().replaceAll('\r\n', '\n'),
          });
          done();
          for (const watcher of [...this.#watchers]) watcher();
        });
      },
      ...options,
    });
    this.#server.on('error', () => {});
  }

  static async start(options: SMTPServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options);
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', done));
    return server;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Resolves when so many mails have come. */
  count(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.received.length < count) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  stop(): Promise<void> {
    return new Promise((done) => this.#server.close(() => done()));
  }
}

/** Takes connections and never says a word, or only `greeting`. */
export class SilentServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Resolves when the first connection has come, and when it has been closed by the other side. */
  readonly met: Promise<void>;
  readonly left: Promise<void>;

  private constructor(greeting: string) {
    let meet = () => {};
    let leave = () => {};
    this.met = new Promise((done) => {
      meet = done;
    });
    this.left = new Promise((done) => {
      leave = done;
    });
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => leave());
      socket.resume();
      socket.write(greeting);
      meet();
    });
  }

  static async start(greeting = ''): Promise<SilentServer> {
    const silent = new SilentServer(greeting);
    await new Promise<void>((done) => silent.#server.listen(0, '127.0.0.1', done));
    return silent;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

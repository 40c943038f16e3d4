/**
 * A queued mail from its claim to its outcome: sent by the mail provider, without a VM and without a transaction, then completed
 * under the fence. Sent and not completed means sent again: its Message-ID is the run's, the same in every attempt.
 */
import type { Clock } from '../domain/clock.js';
import { RunAbort, StoreUnavailableError } from '../domain/errors.js';
import { type Op, waitFor } from '../domain/op.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import { readMail } from '../mail/message.js';
import type { MailProvider } from '../mail/provider.js';
import type { Store } from '../store/store.js';
import type { WriteQueue } from '../store/writer.js';
import type { Assignment } from './executor.js';
import { farTimer } from './far-timer.js';
import { ownerOf, type RunReport } from './protocol.js';
import { drive, RunControl } from './run-control.js';
import { type ConnectionPool, RunDatabase } from './run-database.js';
import { recordedEnding } from './run-report.js';

/** A mail is out: its completion is tried this often, so that it is not sent again because the database was away for a moment. */
const COMPLETION_TRIES = 5;
const COMPLETION_DELAY_MS = 100;

export interface MailSenderOptions {
  provider: MailProvider;
  connections: ConnectionPool;
  queue: WriteQueue;
  store: Store;
  clock: Clock;
}

export class MailSender {
  readonly #options: MailSenderOptions;

  constructor(options: MailSenderOptions) {
    this.#options = options;
  }

  /** Never rejects: whatever goes wrong is the report. */
  async execute({ run, timeoutMs, control, watcher }: Pick<Assignment, 'run' | 'timeoutMs' | 'control' | 'watcher'>): Promise<RunReport> {
    const log: LogLine[] = [];
    const write: (level: LogLine['level'], text: string) => void = (level, text) => {
      const line = { at: this.#options.clock.now(), level, text };
      log.push(line);
      watcher?.log?.(line);
    };
    const forgetTimeout = farTimer(timeoutMs, () => control.stop('timed_out'));
    try {
      watcher?.started?.();
      await drive(this.#send(run, control, write), control);
      forgetTimeout();
      watcher?.completing?.();
      const committed = await this.#complete(run, log);
      return { outcome: 'completed', committed, result: null, log, queued: false };
    } catch (error) {
      const ending = recordedEnding(error, timeoutMs);
      if (control.error && ending.outcome === control.reason) ending.error = control.error;
      return { ...ending, committed: false, log, queued: false };
    } finally {
      forgetTimeout();
    }
  }

  *#send(run: ClaimedRun, control: RunControl, log: (level: LogLine['level'], text: string) => void): Op<void> {
    if (control.reason) throw new RunAbort(control.reason, 'stopped before it began');
    const mail = readMail(run.data);
    const stop = new AbortController();
    yield* waitFor<void>({
      reason: 'email',
      start: () => this.#options.provider.send(mail, { signal: stop.signal, log, messageId: run.id }),
      cancel: () => stop.abort(),
    });
  }

  /** Goes on when the run is stopped meanwhile: what is sent is sent. */
  async #complete(run: ClaimedRun, log: readonly LogLine[]): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return await drive(this.#completion(run, log), new RunControl());
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || tries >= COMPLETION_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, COMPLETION_DELAY_MS * 2 ** tries));
      }
    }
  }

  *#completion(run: ClaimedRun, log: readonly LogLine[]): Op<boolean> {
    const { connections, queue, store, clock } = this.#options;
    const database = new RunDatabase(connections, queue, ownerOf(run), 'immediate', Number.POSITIVE_INFINITY);
    try {
      return yield* database.finish((db) => store.complete(db, { run: run.id, claim: run.claim, now: clock.now(), result: null, log }));
    } finally {
      database.close();
    }
  }
}

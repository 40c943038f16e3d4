/** The shop's jobs: one on the application's thread, one in a worker, one on a schedule. */
import { defineJob } from 'moonlighter';
import { z } from 'zod';

/** Awaits most of the time, so it may share the thread with the requests. */
export const confirmOrder = defineJob({
  slug: 'confirm_order',
  input: z.object({ order: z.number(), email: z.email() }),
  retries: 5,
  handler: async ({ data, log, enqueue }) => {
    log.info(`confirming order ${data.order} to ${data.email}`);
    // Visible when this run completes, gone with it when it fails.
    await enqueue('print_label', { order: data.order });
    return { confirmed: data.order };
  },
});

/** Computes, so it runs in a worker thread: there it is really stopped at its timeout. */
export const printLabel = defineJob({
  slug: 'print_label',
  input: z.object({ order: z.number() }),
  timeoutMs: 10_000,
  handler: new URL('./jobs/print-label.js', import.meta.url),
});

export const countOrders = defineJob({
  slug: 'count_orders',
  schedule: '0 6 * * *',
  timezone: 'Europe/Berlin',
  misfire: 'once',
  handler: ({ log }) => log.info('a new day in the shop'),
});

export const jobs = [confirmOrder, printLabel, countOrders] as const;

/** Handlers of module jobs: one that counts, one that loops for ever without awaiting. */
// biome-ignore lint/style/noDefaultExport: a module job's handler is its default export
export default async function count(ctx) {
  ctx.log.info(`counting ${ctx.data.n}`);
  await ctx.collection('notes').create({ title: `note ${ctx.data.n}` });
  return { n: ctx.data.n + 1, thread: (await import('node:worker_threads')).isMainThread };
}

export async function spin(ctx) {
  await ctx.collection('notes').create({ title: 'spin' });
  ctx.log.info('spinning');
  for (;;);
}

/** Waits for something of its own, then loops. */
export async function spinLater() {
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (;;);
}

/** Would end soon. */
export async function beside() {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return 'unharmed';
}

/** The shop's HTTP side. An order and the run that confirms it are one transaction: there is never one without the other. */
import type { Database } from 'better-sqlite3';
import { Hono } from 'hono';
import type { EmbeddedHost } from 'moonlighter';
import { confirmOrder, type jobs } from './jobs.js';

export class OutOfStock extends Error {}

export function createApp(shop: Database, host: EmbeddedHost<typeof jobs>): Hono {
  const app = new Hono();
  const take = shop.prepare('UPDATE products SET stock = stock - 1 WHERE name = ? AND stock > 0');
  const insert = shop.prepare('INSERT INTO orders (product, email) VALUES (?, ?)');

  const order = shop.transaction((product: string, email: string) => {
    const id = Number(insert.run(product, email).lastInsertRowid);
    const { id: run } = host.withTransaction(shop).enqueue(confirmOrder, { order: id, email });
    // Throwing rolls back all three: the order, the run, the stock.
    if (take.run(product).changes === 0) throw new OutOfStock(`there is no ${product} left`);
    return { order: id, run };
  });

  app.post('/orders', async (context) => {
    const { product, email } = await context.req.json<{ product: string; email: string }>();
    try {
      return context.json(order.immediate(product, email), 201);
    } catch (error) {
      if (error instanceof OutOfStock) return context.json({ error: error.message }, 409);
      throw error;
    }
  });
  app.get('/orders', (context) => context.json(shop.prepare('SELECT * FROM orders ORDER BY id').all() as object[]));
  app.get('/runs/:id', async (context) => context.json({ ...(await host.jobs.wait(context.req.param('id'), context.req.raw.signal)) }));
  app.get('/runs', async (context) => context.json(await host.jobs.runs()));
  return app;
}

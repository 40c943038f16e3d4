/** Makes the label of an order. */
import { createHash } from 'node:crypto';
import type { HandlerContext } from 'moonlighter';

export function printLabel({ data, log }: HandlerContext<{ order: number }>): { label: string } {
  let label = `order ${data.order}`;
  for (let i = 0; i < 1_000; i++) label = createHash('sha256').update(label).digest('hex');
  log.info(`label ${label.slice(0, 8)} for order ${data.order}`);
  return { label: label.slice(0, 8) };
}

// biome-ignore lint/style/noDefaultExport: the handler of a module job is its default export
export default printLabel;

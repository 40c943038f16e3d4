#!/usr/bin/env node
// Launcher only: everything stands in dist/, built from src/.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  process.stderr.write('moonlighter is not built yet: run `npm run setup` in its folder (it installs what is missing and builds)\n');
  process.exit(1);
}
const { main: run } = await import(main.href);
await run(process.argv.slice(2));

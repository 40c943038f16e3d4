#!/usr/bin/env node
// Launcher only: everything stands in dist/bundle/, the modules of src/ joined into few files.
import { existsSync } from 'node:fs';
import module from 'node:module';

const main = new URL('../dist/bundle/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('moonlighter is not built yet: run `npm run setup` in its folder (it installs what is missing and builds)\n');
  process.exit(1);
}
// Node 22 and later keep what they compiled for the next command.
module.enableCompileCache?.();
const { main: run } = await import(main.href);
await run(process.argv.slice(2));

#!/usr/bin/env node
// Launcher only: everything stands in dist/, built from src/, and joined into few files in dist/bundle/.
import { statSync } from 'node:fs';
import module from 'node:module';

const writtenAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
const joined = new URL('../dist/bundle/cli/main.js', import.meta.url);
const single = new URL('../dist/cli/main.js', import.meta.url);
if (writtenAt(joined) < 0 && writtenAt(single) < 0) {
  process.stderr.write('moonlighter is not built yet: run `npm run setup` in its folder (it installs what is missing and builds)\n');
  process.exit(1);
}
// Node 22 and later keep what they compiled for the next command.
module.enableCompileCache?.();
// Modules that were compiled after the joined files are newer than these.
const { main: run } = await import((writtenAt(joined) >= writtenAt(single) ? joined : single).href);
await run(process.argv.slice(2));

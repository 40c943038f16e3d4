// `npm run bench -- <what> [--json] [--quick]`: measurements of the product as it is built (dist/), each as a ratio to bare better-sqlite3 in
// the same run. It installs and builds nothing: `npm run build` comes first.
import { existsSync } from 'node:fs';
import { machine } from './project.mjs';

const BENCHES = {
  content: async (options) => {
    const { measureContent, printContent } = await import('./content.mjs');
    const results = await measureContent(options);
    return { results, text: printContent(results) };
  },
  drain: async (options) => {
    const { measureDrain, printDrain } = await import('./drain.mjs');
    const results = await measureDrain(options);
    return { results, text: printDrain(results) };
  },
  latency: async (options) => {
    const { measureLatency, printLatency } = await import('./latency.mjs');
    const results = await measureLatency(options);
    return { results, text: printLatency(results) };
  },
};

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const flags = new Set(args.filter((arg) => arg.startsWith('--')));
const unknown = [...names.filter((name) => !(name in BENCHES)), ...[...flags].filter((flag) => flag !== '--json' && flag !== '--quick')];
if (unknown.length > 0) {
  process.stderr.write(`bench: unknown '${unknown[0]}'; there are ${Object.keys(BENCHES).join(', ')} and the options --json, --quick\n`);
  process.exit(2);
}
if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  process.stderr.write('bench: there is no dist/ to measure; run `npm run setup` (or `npm run build`) first\n');
  process.exit(2);
}
const json = { machine: machine() };
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  const { results, text } = await BENCHES[name]({ quick: flags.has('--quick') });
  json[name] = results;
  if (!flags.has('--json')) process.stdout.write(text);
}
if (flags.has('--json')) process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);

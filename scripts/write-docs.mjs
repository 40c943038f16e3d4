// Writes the generated parts of the documentation, from the tables in the code that they describe. Needs a built dist/.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIFFERENCES } from '../dist/config/generation.js';
import { SETTINGS } from '../dist/config/moonlighter-config.js';
import { root } from './setup.mjs';

/** Puts `table` between the markers of that name. */
function write(file, name, table) {
  const path = join(root, 'docs', file);
  const text = readFileSync(path, 'utf8');
  const [before, marker, rest] = text.split(new RegExp(`(<!-- ${name}:[^>]*-->\n)`));
  const [, close, after] = rest.split(new RegExp(`(<!-- end of ${name} -->)`));
  writeFileSync(path, `${before}${marker}${table.join('\n')}\n${close}${after}`);
}

const settings = Object.entries(SETTINGS).flatMap(([section, keys]) =>
  Object.entries(keys).map(([key, { defaultText, description }]) => `| \`[${section}] ${key}\` | ${code(defaultText)} | ${description} |`),
);
write('configuration.md', 'settings', ['| Key | Default | Meaning |', '|---|---|---|', ...settings]);

const differences = Object.values(DIFFERENCES).map(({ eight, ten }) => `| ${eight} | ${ten} |`);
write('compatibility.md', 'generations', ['| Generation 8 | Generation 10 |', '|---|---|', ...differences]);

/** One row for each reason that the golden project's accepted lists give, with the questions it answers for. */
const ACCEPTED = ['accepted', 'accepted-page', 'accepted-cursor', 'accepted-lua54', 'accepted-fengari'];
const reasons = new Map();
for (const list of ACCEPTED) {
  const where = list === 'accepted' ? '' : ` (${list.slice('accepted-'.length)} only)`;
  for (const line of readFileSync(join(root, 'test/golden', `${list}.tsv`), 'utf8').split('\n')) {
    const [name, reason] = line.split('\t');
    if (!reason || name.startsWith('#')) continue;
    const key = `${reason.replace('not-to-copy: ', '')}${where}`;
    reasons.set(key, [...(reasons.get(key) ?? []), name]);
  }
}
const answers = [...reasons].map(([reason, names]) => `| ${reason} | ${names.map((name) => `\`${name}\``).join(', ')} |`);
write('compatibility.md', 'answers', ['| Here | Questions |', '|---|---|', ...answers]);

/** Values in code, words as they are. */
function code(text) {
  return /^["[\d]/.test(text) && !text.includes(' ') ? `\`${text}\`` : text;
}

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

/** Values in code, words as they are. */
function code(text) {
  return /^["[\d]/.test(text) && !text.includes(' ') ? `\`${text}\`` : text;
}

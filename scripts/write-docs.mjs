// Writes the generated parts of the documentation: the table of moonlighter.toml, from the schema that loads it. Needs a built dist/.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '../dist/config/moonlighter-config.js';
import { root } from './setup.mjs';

const path = join(root, 'docs', 'configuration.md');
const [begin, end] = [/(<!-- settings:[^>]*-->\n)/, /(<!-- end of settings -->)/];

function table() {
  const rows = Object.entries(SETTINGS).flatMap(([section, settings]) =>
    Object.entries(settings).map(
      ([key, { defaultText, description }]) => `| \`[${section}] ${key}\` | ${code(defaultText)} | ${description} |`,
    ),
  );
  return ['| Key | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

/** Values in code, words as they are. */
function code(text) {
  return /^["[\d]/.test(text) && !text.includes(' ') ? `\`${text}\`` : text;
}

const text = readFileSync(path, 'utf8');
const [before, marker, rest] = text.split(begin);
const [, close, after] = rest.split(end);
writeFileSync(path, `${before}${marker}${table()}\n${close}${after}`);

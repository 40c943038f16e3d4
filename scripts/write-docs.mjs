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
    const key = `${reason.replace(/^(not-to-copy|names|follows): /, '')}${where}`;
    reasons.set(key, [...(reasons.get(key) ?? []), name]);
  }
}
const answers = [...reasons].map(([reason, names]) => `| ${reason} | ${names.map((name) => `\`${name}\``).join(', ')} |`);
write('compatibility.md', 'answers', ['| Here | Questions |', '|---|---|', ...answers]);

/** How many of the recorded answers there are, and how many cannot be equal for which reason: what the most is that could be. */
const text = (file) => readFileSync(join(root, file), 'utf8');
const named = [...text('fixtures/golden/not-to-copy.md').matchAll(/^\| (.*?) \|/gm)]
  .flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)])
  .map(([, name]) => new RegExp(`^(run:)?${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
const CLASSES = [
  ['bugs that `not-to-copy.md` lists by the name of the question', (name) => named.some((each) => each.test(name))],
  ['the same bugs seen by another question', (_, reason) => reason.startsWith('not-to-copy')],
  ['names that this host must have', (_, reason) => reason.startsWith('names:')],
  ['promises of this host', (_, reason) => reason.startsWith('design:')],
  ['what follows from the others', () => true],
];
const unstable = new Set(text('fixtures/golden/recorded/unstable.txt').split('\n'));
const counted = ['page', 'cursor'].map((mode) => {
  const answers = text(`fixtures/golden/recorded/answers${mode === 'page' ? '' : '-cursor'}.txt`).matchAll(/PROBE\t([^\t]+)\t/g);
  const asked = new Set([...answers].map(([, name]) => name).filter((name) => !unstable.has(name))).size;
  const total = asked + JSON.parse(text('fixtures/golden/recorded/runs.json')).length;
  const counts = CLASSES.map(() => 0);
  for (const list of ['accepted', `accepted-${mode}`, 'accepted-lua54']) {
    for (const line of text(`test/golden/${list}.tsv`).split('\n')) {
      const [name, reason] = line.split('\t');
      if (reason && !name.startsWith('#')) counts[CLASSES.findIndex(([, test]) => test(name, reason))]++;
    }
  }
  return { total, counts, equal: total - counts.reduce((sum, count) => sum + count, 0) };
});
const row = (title, value) => `| ${title} | ${counted.map(value).join(' | ')} |`;
write('compatibility.md', 'arithmetic', [
  '| On lua54 | with pages | with cursors |',
  '|---|---|---|',
  row('recorded answers, 95 runs among them', ({ total }) => total),
  ...CLASSES.map(([title], i) => row(`less ${title}`, ({ counts }) => counts[i])),
  row('equal', ({ total, equal }) => `${equal} (${((100 * equal) / total).toFixed(1)} %)`),
]);

/** Values in code, words as they are. */
function code(text) {
  return /^["[\d]/.test(text) && !text.includes(' ') ? `\`${text}\`` : text;
}

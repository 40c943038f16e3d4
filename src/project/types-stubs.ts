/** The stubs of the `crap` table (lua-stdlib/types) as the one file that an editor reads; parts of the later generation only where it is in force. */
import { readFileSync } from 'node:fs';

/** In the order of the file that they make. */
const PARTS = [
  'crap.lua',
  'documents.lua',
  'collections.lua',
  'globals.lua',
  'definitions.lua',
  'field-options.lua',
  'fields.lua',
  'contexts.lua',
  'jobs.lua',
  'values.lua',
  'services.lua',
  'project.lua',
];
const LATER = ['globals-10.lua', 'jobs-10.lua', 'services-10.lua'];

const folder = new URL('../../lua-stdlib/types/', import.meta.url);

/** File names of the parts that projects of this generation get. */
export function stubParts(generation: 8 | 10): string[] {
  return generation === 10 ? [...PARTS, ...LATER] : [...PARTS];
}

/** One file with a single `---@meta crap` in front. */
export function stubText(generation: 8 | 10): string {
  const parts = stubParts(generation).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const bodies = parts.map((text) => text.replace(/^---@meta.*\n/, '').trimEnd());
  return `---@meta crap\n${HEADER}\n\n${bodies.join('\n\n')}\n`;
}

const HEADER = '-- Written by `moonlighter types`. Do not edit: it is written again. Never executed.';

/** The `sizes` table that documents of upload collections are read with, made of the columns of their image sizes (Lua API 4.2). */
import type { Json, JsonObject } from '../domain/json.js';
import { isCollection } from './layout.js';
import { imageSizesOf } from './parse-upload.js';
import type { Plan } from './plan.js';

interface Size {
  name: string;
  formats: readonly string[];
}

const known = new WeakMap<Plan, readonly Size[]>();

/** Sizes whose columns may be shown; none where a field of the project is called `sizes`. */
function sizesOf(plan: Plan): readonly Size[] {
  let sizes = known.get(plan);
  if (sizes === undefined) {
    const upload = isCollection(plan.definition) && !plan.fields.some(({ key }) => key === 'sizes') ? plan.definition.upload : undefined;
    const shown = (name: string) =>
      plan.byKey.get(`${name}_url`)?.hidden === false && !plan.ruled.read.some(({ key }) => key === `${name}_url`);
    sizes = imageSizesOf(upload).filter(({ name }) => shown(name));
    known.set(plan, sizes);
  }
  return sizes;
}

/** Adds `sizes = { thumb = { url, width?, height?, formats? = { webp = { url } } } }`, with the sizes that have a url; without any, nothing. */
export function addSizes(plan: Plan, document: JsonObject, read: (key: string) => Json | undefined): void {
  const all: JsonObject = {};
  for (const { name, formats } of sizesOf(plan)) {
    const url = read(`${name}_url`);
    if (url === undefined || url === null) continue;
    const size: JsonObject = { url };
    for (const side of ['width', 'height']) put(size, side, read(`${name}_${side}`));
    const links: JsonObject = {};
    for (const format of formats) {
      const link = read(`${name}_${format}_url`);
      if (link !== undefined && link !== null) links[format] = { url: link };
    }
    if (Object.keys(links).length > 0) size['formats'] = links;
    all[name] = size;
  }
  if (Object.keys(all).length > 0) document['sizes'] = all;
}

function put(table: JsonObject, key: string, value: Json | undefined): void {
  if (value !== undefined && value !== null) table[key] = value;
}

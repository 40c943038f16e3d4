// Preloaded into a command (NODE_OPTIONS=--import=…): writes the URL or path of every module that it loads into the file LOADED_MODULES, one a line.
import { appendFileSync } from 'node:fs';
import { Module, register } from 'node:module';

const file = process.env.LOADED_MODULES;
const hooks = `
  import { appendFileSync } from 'node:fs';
  export async function load(url, context, next) {
    appendFileSync(${JSON.stringify(file)}, url + '\\n');
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
// What CommonJS loads does not pass through the hooks.
process.on('exit', () => appendFileSync(file, `${Object.keys(Module._cache).join('\n')}\n`));

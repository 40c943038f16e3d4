/** crap.validation_error{ field = "message" } (Lua API 10.4): a hook or validator fails a write as validation does, field by field. */
import { RaisedValidation } from '../content/validate/report.js';
import { BindingError } from '../lua/errors.js';
import type { LuaTable } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';

const NAME = 'crap.validation_error';

export function validationErrorBindings(): Record<string, Binding> {
  return {
    validation_error: binding(['table'], (messages) => {
      throw new RaisedValidation(issuesOf(messages));
    }),
  };
}

/** In the order of the keys, since a Lua table has none. */
function issuesOf(messages: LuaTable) {
  const issues = [...messages.entries].map(([key, message]) => {
    if (typeof key !== 'string') throw bad('keys must be field names, e.g. { title = "title is required" }');
    if (typeof message !== 'string') throw bad(`the message for '${key}' must be a string`);
    return { key, message };
  });
  if (issues.length === 0) throw bad('needs at least one field message');
  return issues.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function bad(text: string): BindingError {
  return new BindingError('VALIDATION_ERROR_ARGUMENT', `${NAME}: ${text}`);
}

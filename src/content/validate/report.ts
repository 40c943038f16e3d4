/** What validation collects and raises: every problem of the data, together (Lua API 3.6). */
import type { BindingError } from '../../lua/errors.js';
import { refused } from '../failure.js';

export interface Issue {
  /** Data key: `title`, `seo__title`, `items[0][label]`. */
  key: string;
  message: string;
}

/** `details.fields`: key -> message, several of one key joined by "; ". */
export function validationError(issues: readonly Issue[]): BindingError {
  const fields: Record<string, string> = {};
  for (const { key, message } of issues) fields[key] = Object.hasOwn(fields, key) ? `${fields[key]}; ${message}` : message;
  const text = issues.map(({ key, message }) => `${key}: ${message}`).join('; ');
  return refused('VALIDATION_FAILED', `Validation failed: ${text}`, { fields });
}

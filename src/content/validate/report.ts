/** What validation collects and raises: every problem of the data, together (Lua API 3.6). */
import { BindingError } from '../../lua/errors.js';

export interface Issue {
  /** Data key: `title`, `seo__title`, `items[0][label]`. */
  key: string;
  message: string;
}

/** What a write raises; `issues` in the order in which they were found. */
export class ValidationFailure extends BindingError {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[], text: string, fields: Record<string, string>) {
    super('VALIDATION_FAILED', text, { details: { fields } });
    this.issues = issues;
  }
}

/** What project code raises with crap.validation_error: it fails the write whose hook or validator raised it as that write's own validation would. */
export class RaisedValidation extends ValidationFailure {
  constructor(issues: readonly Issue[]) {
    const { message, details } = validationError(issues);
    super(issues, message, details['fields'] as Record<string, string>);
  }

  /** The same for the callers of that write: to them it is the failure of a call. */
  settled(): ValidationFailure {
    return validationError(this.issues);
  }
}

/** `details.fields`: key -> message, several of one key joined by "; ". */
export function validationError(issues: readonly Issue[]): ValidationFailure {
  const fields: Record<string, string> = {};
  for (const { key, message } of issues) fields[key] = Object.hasOwn(fields, key) ? `${fields[key]}; ${message}` : message;
  const text = issues.map(({ key, message }) => `${key}: ${message}`).join('; ');
  return new ValidationFailure(issues, `Validation failed: ${text}`, fields);
}

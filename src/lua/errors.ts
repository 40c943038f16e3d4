/** What goes wrong in or at the Lua boundary, with kind, chunk, line, traceback and the JavaScript cause. */
import { HostError, type HostErrorOptions } from '../domain/errors.js';

export type LuaErrorKind =
  /** The chunk does not parse. */
  | 'syntax'
  /** `error(…)` or a fault in Lua code. */
  | 'runtime'
  /** A value has no form on the other side. */
  | 'conversion'
  /** A binding got a wrong argument. */
  | 'bad_argument'
  /** Not enough memory under the VM's cap. */
  | 'memory';

/** An error that came out of Lua. `message` is the reference's text without traceback and without the `runtime error: ` prefix. */
export class LuaError extends HostError {
  readonly kind: LuaErrorKind;
  /** As Lua prints it ("/p/jobs/x.lua" or `[string "…"]`). */
  readonly chunk: string | undefined;
  readonly line: number | undefined;
  /** `stack traceback:\n\t…`, undefined where there is none. */
  readonly traceback: string | undefined;
  /** The thrown Lua value when it was no string and no host error (tables keep their identity through a hold). */
  readonly value: unknown;

  constructor(
    kind: LuaErrorKind,
    message: string,
    facts: { chunk?: string; line?: number; traceback?: string; value?: unknown; code?: string } & HostErrorOptions = {},
  ) {
    super(facts.code ?? `LUA_${kind.toUpperCase()}`, message, facts);
    this.kind = kind;
    this.chunk = facts.chunk;
    this.line = facts.line;
    this.traceback = facts.traceback;
    this.value = facts.value;
  }

  /** The reference's first-level rendering: `runtime error: ` before runtime errors, traceback behind. */
  render(): string {
    const prefix =
      this.kind === 'runtime'
        ? 'runtime error: '
        : this.kind === 'syntax'
          ? 'syntax error: '
          : this.kind === 'memory'
            ? 'memory error: '
            : '';
    return prefix + this.message + (this.traceback ? `\n${this.traceback}` : '');
  }
}

/**
 * Thrown by a binding to raise a host error in Lua: a value with `code` and `message` whose `tostring` is
 * `runtime error: ` + message + traceback, and which works in `..` and with string methods.
 */
export class BindingError extends HostError {
  /** false for argument and conversion errors, which have no `runtime error: ` in front (reference section 2). */
  readonly prefixed: boolean;
  constructor(code: string, message: string, options: HostErrorOptions & { prefixed?: boolean } = {}) {
    super(code, message, options);
    this.prefixed = options.prefixed ?? true;
  }
}

/** `bad argument #n: …` and other conversion problems. */
export function conversionError(message: string, options: HostErrorOptions = {}): BindingError {
  return new BindingError('CONVERSION', message, { ...options, prefixed: false });
}

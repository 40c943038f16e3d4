/** Passwords as Argon2id in PHC form, with the reference's parameters; hashed off the thread. */
import { createRequire } from 'node:module';
import { messageOf } from '../domain/errors.js';
import { type Op, waitFor } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';

/** A native module, loaded with the first password. */
const require = createRequire(import.meta.url);
const argon2 = (): typeof import('@node-rs/argon2') => require('@node-rs/argon2');

/** v=19, m=19456 KiB, t=2, p=1, 32 bytes, a salt of 16 random bytes: what crap-cms writes. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;
/** A stored hash names its own cost: one that asks for more memory, or more memory times passes, is refused. In KiB. */
const MAX_MEMORY = 1024 * 1024;
const MAX_WORK = 4 * 1024 * 1024;

/** Ends with `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. */
export function hashPassword(password: string): Op<string> {
  return offThread(
    (signal) => argon2().hash(password, PARAMETERS, signal),
    () => argon2().hashSync(password, PARAMETERS),
  );
}

/** Whether the password is the one that was hashed (argon2id, argon2i or argon2d). Throws PASSWORD_HASH for what is no such hash. */
export function* verifyPassword(password: string, stored: string): Op<boolean> {
  const problem = hashProblem(stored);
  if (problem !== undefined) throw new BindingError('PASSWORD_HASH', `verify_password error: Invalid password hash: ${problem}`);
  return yield* offThread(
    (signal) => argon2().verify(stored, password, null, signal),
    () => argon2().verifySync(stored, password),
  );
}

function hashProblem(stored: string): string | undefined {
  if (!stored.startsWith('$')) return 'password hash string missing field';
  if (stored.split('$').length > 6) return 'password hash string contains trailing characters';
  try {
    const { memoryCost, timeCost } = argon2().parseOptions(stored);
    if (memoryCost <= MAX_MEMORY && memoryCost * timeCost <= MAX_WORK) return undefined;
    return `m=${memoryCost},t=${timeCost} costs more than is allowed (m at most ${MAX_MEMORY}, m times t at most ${MAX_WORK})`;
  } catch (error) {
    return `not an Argon2 hash in PHC form ($argon2id$v=19$m=…,t=…,p=…$salt$hash): ${messageOf(error)}`;
  }
}

/** A hash that has begun cannot be stopped; its result is dropped, and one that waits for a thread is taken back. */
function offThread<T>(start: (signal: AbortSignal) => Promise<T>, block: () => T): Op<T> {
  const stop = new AbortController();
  return waitFor<T>({ reason: 'password', start: () => start(stop.signal), block, cancel: () => stop.abort() });
}

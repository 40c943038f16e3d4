/**
 * The secret that crap.crypto encrypts with: `[auth] secret` of crap.toml. Where that is empty, generation 8 uses the empty text, as the
 * reference does; generation 10 the secret of data/.jwt_secret, which crap-cms and this host share and whichever comes first makes.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLater } from '../config/generation.js';
import { messageOf } from '../domain/errors.js';
import { BindingError } from '../lua/errors.js';
import type { Session } from './session.js';

const SECRET_BYTES = 64;

/** Throws BindingError CRYPTO where the file can be neither read nor made. */
export function secretOf(session: Session): string {
  const { config, generation, projectDir } = session.options;
  const written = config.auth.secret ?? '';
  if (written !== '' || !isLater(generation, 'secretIsMade')) return written;
  const path = join(projectDir, 'data', '.jwt_secret');
  try {
    return readSecret(path) ?? makeSecret(path);
  } catch (error) {
    throw new BindingError('CRYPTO', `the secret in data/.jwt_secret can be neither read nor made: ${messageOf(error)}`, {
      remedy: 'write [auth] secret into crap.toml, or make the data folder writable',
      cause: error,
    });
  }
}

/** undefined when there is none; an empty file is no secret. */
function readSecret(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text === '') throw new Error('the file is empty');
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Another thread or program may make it at the same moment: the first one counts, and nobody reads half a file. */
function makeSecret(path: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  const own = `${path}.${randomBytes(8).toString('hex')}`;
  writeFileSync(own, secret, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(own, path);
    return secret;
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readSecret(path) : undefined;
    if (other === undefined) throw error;
    return other;
  } finally {
    unlinkSync(own);
  }
}

/** crap.auth: passwords both ways with crap-cms. */
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { Benches } from './support.js';

/** "secret", hashed by the reference implementation of Argon2 with the parameters that crap-cms uses. */
const FOREIGN = '$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$8qPpaWig0H31wvibKAgpght2Ry2M8rtRQYtZ93ooMus';

describe.each(engines)('crap.auth on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  it('hashes as crap-cms does, with a fresh salt each time, and verifies', async () => {
    const bench = await benches.open(engine);
    const [first, second, right, wrong, empty] = await bench.run(`
      local a, b = crap.auth.hash_password("grüße"), crap.auth.hash_password("grüße")
      return a, b, crap.auth.verify_password("grüße", a), crap.auth.verify_password("gruesse", a), crap.auth.verify_password("", crap.auth.hash_password(""))`);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(second).not.toBe(first);
    expect([right, wrong, empty]).toEqual([true, false, true]);
  });

  it('verifies what another program hashed', async () => {
    const bench = await benches.open(engine);
    expect(await bench.value(`return crap.auth.verify_password("secret", "${FOREIGN}")`)).toBe(true);
    expect(await bench.value(`return crap.auth.verify_password("Secret", "${FOREIGN}")`)).toBe(false);
  });

  it.each([
    ['not a hash', 'password hash string missing field'],
    ['', 'password hash string missing field'],
    [`${FOREIGN}$more`, 'password hash string contains trailing characters'],
    ['$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', 'not an Argon2 hash in PHC form'],
    [FOREIGN.slice(0, -2), 'not an Argon2 hash in PHC form'],
    [FOREIGN.replace('m=19456', 'm=4194304'), 'm=4194304,t=2 costs more than is allowed'],
    [FOREIGN.replace('t=2', 't=4294967295'), 'm=19456,t=4294967295 costs more than is allowed'],
  ])('refuses %s', async (hash, text) => {
    const bench = await benches.open(engine);
    const failure = await bench.failure(`crap.auth.verify_password("secret", "${hash}")`);
    expect(failure.startsWith(`runtime error: verify_password error: Invalid password hash: ${text}`), failure).toBe(true);
  });

  it('checks its arguments', async () => {
    const bench = await benches.open(engine);
    expect(await bench.failure('crap.auth.hash_password()')).toBe(
      'bad argument #1: error converting Lua nil to String (expected string or number)',
    );
    expect(await bench.failure('crap.auth.verify_password("x", {})')).toBe(
      'bad argument #2: error converting Lua table to String (expected string or number)',
    );
  });

  it('blocks where the frame cannot be suspended', async () => {
    const bench = await benches.open(engine);
    const texts = await bench.value(`
      local seen = setmetatable({}, { __index = function(_, key) return crap.auth.verify_password(key, crap.auth.hash_password(key)) end })
      return tostring(seen.word) .. #(("ab"):gsub(".", function(c) return crap.auth.hash_password(c) end))`);
    expect(texts).toBe(`true${2 * FOREIGN.length}`);
  });

  it('is no call outside: a conflict may be executed again', async () => {
    const bench = await benches.open(engine);
    await bench.enter();
    await bench.run('crap.auth.hash_password("x")');
    expect(bench.outside).toEqual([]);
  });
});

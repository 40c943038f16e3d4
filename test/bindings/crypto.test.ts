import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { Benches } from './support.js';

describe.each(engines)('crap.crypto on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  it('hashes', async () => {
    const bench = await benches.open(engine);
    expect(await bench.run('local c = crap.crypto return c.sha256("abc"), c.sha256(42), c.hmac_sha256("data", "key")')).toEqual([
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      '73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049',
      '5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0',
    ]);
    expect(await bench.run('local e = crap.crypto.constant_time_eq return e("a", "a"), e("a", "b"), e("a", "ab"), e("", "")')).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(await bench.failure('crap.crypto.sha256("\\xff")')).toBe(
      'bad argument #1: error converting Lua string to String (invalid utf-8 sequence of 1 bytes from index 0)',
    );
  });

  it('encodes base64, and decodes what is UTF-8', async () => {
    const bench = await benches.open(engine);
    expect(
      await bench.run('local c = crap.crypto return c.base64_encode("Zoë ✓"), c.base64_decode("YWI/Pn4="), c.base64_decode("")'),
    ).toEqual(['Wm/DqyDinJM=', 'ab?>~', '']);
    expect(await bench.failure('crap.crypto.base64_decode("YQ")')).toBe('runtime error: base64 decode error: Invalid padding');
    expect(await bench.failure('crap.crypto.base64_decode("/w==")')).toBe(
      'runtime error: base64 decode utf8 error: invalid utf-8 sequence of 1 bytes from index 0',
    );
  });

  it('gives random bytes', async () => {
    const bench = await benches.open(engine);
    expect(await bench.run('local r = crap.crypto.random_bytes return #r(16), r(0), #r("2"), r(16) ~= r(16)')).toEqual([32, '', 4, true]);
    expect(await bench.failure('crap.crypto.random_bytes(1048577)')).toBe(
      'runtime error: random_bytes: requested 1048577 bytes exceeds maximum of 1048576',
    );
    expect(await bench.failure('crap.crypto.random_bytes(-1)')).toBe(
      'bad argument #1: error converting Lua integer to usize (out of range)',
    );
  });

  it('encrypts under the secret of the project, as the reference does', async () => {
    const bench = await benches.open(engine);
    expect(
      await bench.run('local c = crap.crypto local a = c.encrypt("plaintext") return #a, c.decrypt(a), a ~= c.encrypt("plaintext")'),
    ).toEqual([52, 'plaintext', true]);
    expect(await bench.value('return crap.crypto.decrypt("AAECAwQFBgcICQoL4sM2QbvwouE+XW0mz8YsFDdGQLvBSHmr8twVf1IZhw==")')).toBe(
      'probe plaintext',
    );
    expect(await bench.failure('crap.crypto.decrypt("AAECAwQFBgcICQoL4sM2QbvwouE+XW0mz8YsFDdGQLvBSHmr8twVf1IZhg==")')).toBe(
      'runtime error: decrypt error: aead::Error',
    );
    expect(await bench.failure('crap.crypto.decrypt("AAEC")')).toBe('runtime error: ciphertext too short');
    expect(await bench.failure('crap.crypto.decrypt("not base64!")')).toBe('runtime error: base64 decode: Invalid symbol 32, offset 3.');
  });

  it('makes a secret where crap.toml has none under generation 10, shares it, and keeps it to its owner', async () => {
    const config = { auth: { secret: '' } };
    const bench = await benches.open(engine, { generation: 10, config });
    const text = String(await bench.value('return crap.crypto.encrypt("plaintext")'));
    const path = join(bench.dir, 'data', '.jwt_secret');
    expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{128}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(bench.dir, 'data'))).toEqual(['.jwt_secret']);
    const other = await benches.open(engine, { generation: 10, config, files: { 'data/.jwt_secret': `${readFileSync(path, 'utf8')}\n` } });
    expect(await other.value(`return crap.crypto.decrypt("${text}")`)).toBe('plaintext');
    const stranger = await benches.open(engine, { generation: 10, config });
    expect(await stranger.failure(`crap.crypto.decrypt("${text}")`)).toBe('runtime error: decrypt error: aead::Error');
    const empty = await benches.open(engine, { generation: 10, config, files: { 'data/.jwt_secret': '' } });
    expect(await empty.failure('crap.crypto.encrypt("x")')).toContain('data/.jwt_secret can be neither read nor made: the file is empty');
    const written = await benches.open(engine, { generation: 10, config: { auth: { secret: 'mine' } } });
    await written.value('return crap.crypto.encrypt("x")');
    expect(existsSync(join(written.dir, 'data'))).toBe(false);
  });

  it('uses the empty secret under generation 8, as the reference does', async () => {
    const bench = await benches.open(engine, { config: { auth: { secret: '' } } });
    const text = String(await bench.value('return crap.crypto.encrypt("plaintext")'));
    expect(existsSync(join(bench.dir, 'data'))).toBe(false);
    const other = await benches.open(engine, { config: { auth: { secret: '' } } });
    expect(await other.value(`return crap.crypto.decrypt("${text}")`)).toBe('plaintext');
  });
});

/** Namespaces of the later generation that a job host does not serve: projects that use them load all the same. */
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { Benches } from './support.js';

const NAMES = ['routes', 'storage', 'uploads'];

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  it('are not there under generation 8, as in the reference', async () => {
    const bench = await benches.open(engine);
    for (const name of [...NAMES, 'cache', 'email.register']) expect(await bench.value(`return crap.${name}`)).toBe(undefined);
  });

  it('take what a project registers while it loads, with a warning each', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    await bench.run(`
      crap.routes.register({ path = "/x", handler = "routes.x" })
      crap.storage.register("s3", {})
      crap.email.register("mine", { send = "mail.send" })
      crap.cache.register("redis", {})`);
    expect(bench.session.problems.map(({ severity, code, message }) => [severity, code, message])).toEqual([
      ['warning', 'NOT_SERVED', 'crap.routes.register is not served by this host'],
      ['warning', 'NOT_SERVED', 'crap.storage.register is not served by this host'],
      ['warning', 'NOT_SERVED', 'crap.email.register is not served by this host'],
    ]);
    expect(bench.session.problems[0]).toMatchObject({ line: 2, remedy: expect.stringContaining('crap-cms') });
  });

  it('say in a run that they are not served, and what to do; there is no cache to empty', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    await bench.enter();
    for (const name of NAMES)
      expect(await bench.failure(`crap.${name}.get("x")`)).toBe(`runtime error: crap.${name}.get is not served by this host`);
    expect(await bench.run('local _, e = pcall(function() crap.storage.put() end) return e.code, e.remedy')).toEqual([
      'NOT_SERVED',
      'keep data in a collection, or send it to a server with crap.http',
    ]);
    expect(await bench.run('return crap.cache.clear(), crap.cache.get("x")')).toEqual([undefined]);
    for (const name of [...NAMES, 'cache'])
      expect(await bench.failure(`crap.${name}.x = 1`)).toContain(`attempt to change 'crap.${name}.x'`);
  });
});

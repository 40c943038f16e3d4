/** What does not compile: wrong slugs, wrong data, wrong options. */
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type EmbeddedHost, type EnqueueOptions, type Json } from '../../src/index.js';

const mail = defineJob({
  slug: 'mail',
  input: z.object({ to: z.string(), copies: z.number().default(1) }),
  handler: ({ data }) => data.copies,
});
const plain = defineJob({ slug: 'plain', handler: ({ data }) => data });
type Host = EmbeddedHost<readonly [typeof mail, typeof plain]>;

describe('types', () => {
  it('a handler is given what the schema makes, a caller gives what it takes', () => {
    expectTypeOf<Parameters<NonNullable<typeof mail.types>['input'] extends infer I ? (input: I) => void : never>>().toEqualTypeOf<
      [{ to: string; copies?: number | undefined }]
    >();
    expectTypeOf<NonNullable<(typeof mail)['types']>['result']>().toEqualTypeOf<number>();
    expectTypeOf<NonNullable<(typeof plain)['types']>['input']>().toEqualTypeOf<Json>();
  });

  it('wrong calls do not compile', () => {
    const check = (host: Host) => {
      void host.enqueue('mail', { to: 'ada' });
      void host.enqueue(mail, { to: 'ada', copies: 2 }, { key: 'x', delayMs: 5 });
      void host.enqueue('plain');
      // @ts-expect-error no such slug
      void host.enqueue('male', { to: 'ada' });
      // @ts-expect-error data is missing
      void host.enqueue('mail');
      // @ts-expect-error wrong data
      void host.enqueue('mail', { to: 5 });
      // @ts-expect-error wrong data by handle
      void host.enqueue(mail, { copies: 5 });
      // @ts-expect-error wrong option
      void host.enqueue('mail', { to: 'ada' }, { dealyMs: 5 });
      // @ts-expect-error wrong slug in a list
      void host.enqueueMany([{ job: 'male' }]);
      // @ts-expect-error wrong data later
      void host.enqueueIn(5, 'mail', { to: 5 });
    };
    expectTypeOf(check).parameter(0).toEqualTypeOf<Host>();
    expectTypeOf<EnqueueOptions['priority']>().toEqualTypeOf<number | undefined>();
  });

  it('a host of jobs that are not known takes any slug', () => {
    expectTypeOf<EmbeddedHost['enqueueMany']>().parameter(0).toExtend<readonly { job: string }[]>();
  });

  it('wrong definitions do not compile', () => {
    const check = () => {
      // @ts-expect-error unknown key
      defineJob({ slug: 'x', retires: 5, handler: () => 1 });
      // @ts-expect-error no handler
      defineJob({ slug: 'x' });
      defineJob({
        slug: 'x',
        input: z.object({ n: z.number() }),
        // @ts-expect-error data has no such field
        handler: ({ data }) => data.m,
      });
    };
    expectTypeOf(check).returns.toBeVoid();
  });
});

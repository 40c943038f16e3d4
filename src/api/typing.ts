/** Which slugs a host knows, and which data goes with each: from the jobs given to createHost, and from `moonlighter types --ts`. */
import type { Json } from '../domain/json.js';
import type { AnyJob, Job } from './job.js';

/**
 * The jobs of the project by slug, `{ data, result }` each. Empty here: the file that `moonlighter types --ts` writes fills it by declaration
 * merging, so that a wrong slug or wrong data does not compile.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface JobTypes {}

type Given<Jobs extends readonly AnyJob[]> = Jobs[number]['slug'];
type Known<Jobs extends readonly AnyJob[]> = Given<Jobs> | (keyof JobTypes & string);

/** Any text where nothing is known of the jobs. */
export type SlugOf<Jobs extends readonly AnyJob[]> = [Known<Jobs>] extends [never]
  ? string
  : string extends Given<Jobs>
    ? string
    : Known<Jobs>;

export type DataOf<Jobs extends readonly AnyJob[], Slug extends string> =
  Slug extends Given<Jobs>
    ? Extract<Jobs[number], { slug: Slug }> extends Job<string, infer Input, unknown>
      ? Input
      : Json
    : Slug extends keyof JobTypes
      ? JobTypes[Slug] extends { data: infer Data }
        ? Data
        : Json
      : Json;

/** Data may be left out where an empty object will do. */
export type DataArguments<Data, Options> =
  Record<string, never> extends Data ? [data?: Data, options?: Options] : [data: Data, options?: Options];

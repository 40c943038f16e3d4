/** Random histories of documents: what rows, drafts, versions, reference counts, unique values and search are after each call. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { BindingError } from '../../src/lua/errors.js';
import { openStage, type Stage } from '../content/support.js';
import { holds, TIMEOUT } from './check.js';
import { type Content, type Data, HistoryModel } from './history-model.js';

const DOCS = {
  versions: true,
  soft_delete: true,
  fields: [
    { name: 'title', type: 'text', required: true },
    { name: 'code', type: 'text', unique: true },
    { name: 'n', type: 'number' },
    { name: 'link', type: 'relationship', relationship: { collection: 'docs' } },
    { name: 'links', type: 'relationship', relationship: { collection: 'docs', has_many: true } },
    {
      name: 'lines',
      type: 'array',
      fields: [
        { name: 'label', type: 'text' },
        { name: 'to', type: 'relationship', relationship: { collection: 'docs' } },
      ],
    },
    { name: 'head', type: 'text', localized: true },
  ],
};
const WORDS = ['moon', 'sun', 'a', 'b', 'star', 'kern', 'mo'];

/** A document by a number that is cut to those that there are. */
const at = fc.nat(5);
const keys = { requiredKeys: [] as [] };
const data = fc.record(
  {
    title: fc.constantFrom('moon', 'sun', 'moon', 'sun', ''),
    code: fc.constantFrom('a', 'b', 'c', ''),
    n: fc.constantFrom(1, 2),
    link: at,
    links: fc.uniqueArray(at, { maxLength: 2 }),
    lines: fc.array(fc.record({ label: fc.constantFrom('x', 'y'), to: at }, { requiredKeys: ['label'] }), { maxLength: 2 }),
    head: fc.constantFrom('star', ''),
  },
  keys,
);
const titled = data.map((given) => ({ title: 'moon', ...given }));
const creation = fc.record({ act: fc.constant('create' as const), data: titled, draft: fc.boolean() });
const call = fc.oneof(
  { weight: 2, arbitrary: creation },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('update' as const), at, data, draft: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('translate' as const), at, head: fc.constantFrom('kern', ''), draft: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('unpublish' as const), at }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('remove' as const), at, forGood: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('undelete' as const), at }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('restore' as const), at, version: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('updateMany' as const), n: fc.constantFrom(1, 2), data }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('deleteMany' as const), n: fc.constantFrom(1, 2), forGood: fc.boolean() }) },
);
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

describe.each([8, 10] as const)('generation %d', (generation) => {
  it('documents are what their history says', { timeout: TIMEOUT }, () => {
    let [tried, accepted] = [0, 0];
    const locale = { default: 'en', locales: ['en', 'de'], fallback: false };
    const stage = openStage({ collections: { docs: DOCS }, settings: { generation, locale } });
    try {
      holds(fc.tuple(fc.array(creation, { minLength: 1, maxLength: 4 }), fc.array(call, { minLength: 1, maxLength: 20 })), 80, (calls) => {
        stage.execute('SAVEPOINT history');
        const history = new History(stage, generation);
        try {
          for (const each of calls.flat()) {
            tried++;
            if (history.make(each)) accepted++;
            history.check();
          }
        } finally {
          stage.execute('ROLLBACK TO history');
          stage.execute('RELEASE history');
        }
      });
    } finally {
      stage.dispose();
    }
    // Histories of refusals would show nothing.
    expect(accepted / tried).toBeGreaterThan(0.4);
  });
});

class History {
  readonly #model: HistoryModel;
  readonly #stage: Stage;
  /** By number. */
  readonly #ids: string[] = [];

  constructor(stage: Stage, generation: 8 | 10) {
    this.#stage = stage;
    this.#model = new HistoryModel(generation);
  }

  /** Makes a call on both sides, which must agree on whether it is accepted. */
  make(each: Call): boolean {
    const known = this.#model.documents.length;
    // References and calls name documents that there are or were.
    const cut = (n: number) => (known === 0 ? undefined : n % known);
    const given = (data: Data): Data => {
      const { link, links, lines, ...rest } = data;
      const target = link === undefined ? undefined : cut(link);
      return {
        ...rest,
        ...(target !== undefined && { link: target }),
        ...(links && { links: [...new Set(links.map(cut).filter((n) => n !== undefined))] }),
        ...(lines && {
          lines: lines.map(({ label, to }) => {
            const row = to === undefined ? undefined : cut(to);
            return row === undefined ? { label } : { label, to: row };
          }),
        }),
      };
    };
    if (each.act === 'create') return this.#create(given(each.data), each.draft);
    if (each.act === 'updateMany') {
      const data = given(each.data);
      return this.#both(
        () => this.#model.updateMany(each.n, data),
        () => this.#stage.updateMany('docs', { where: { n: each.n } }, this.#lua(data)).modified,
      );
    }
    if (each.act === 'deleteMany') {
      return this.#both(
        () => this.#model.deleteMany(each.n, each.forGood),
        () => this.#stage.deleteMany('docs', { where: { n: each.n } }, { forceHardDelete: each.forGood }),
      );
    }
    const number = cut(each.at);
    return number === undefined ? false : this.#single(each, number, given);
  }

  #create(data: Data, draft: boolean): boolean {
    let id: string | undefined;
    const made = this.#both(
      () => this.#model.create(data, draft),
      () => {
        id = this.#stage.create('docs', this.#lua(data), { draft }).id;
      },
    );
    if (id !== undefined) this.#ids.push(id);
    return made;
  }

  #single(each: Exclude<Call, { act: 'create' | 'updateMany' | 'deleteMany' }>, number: number, given: (data: Data) => Data): boolean {
    const [model, stage, id] = [this.#model, this.#stage, this.#ids[number]!];
    switch (each.act) {
      case 'update': {
        const data = given(each.data);
        return this.#both(
          () => model.update(number, data, each.draft, false),
          () => void stage.update('docs', id, this.#lua(data), { draft: each.draft }),
        );
      }
      case 'translate':
        return this.#both(
          () => model.update(number, { head: each.head }, each.draft, true),
          () => void stage.update('docs', id, { head: each.head }, { draft: each.draft, locale: 'de' }),
        );
      case 'unpublish':
        return this.#both(
          () => model.unpublish(number),
          () => void stage.unpublish('docs', id),
        );
      case 'remove':
        return this.#both(
          () => model.remove(number, each.forGood),
          () => void stage.remove('docs', id, { forceHardDelete: each.forGood }),
        );
      case 'undelete':
        return this.#both(
          () => model.undelete(number),
          () => void stage.undelete('docs', id),
        );
      default: {
        const version = this.#versions(number).find((candidate) => candidate.version === each.version + 1)?.id ?? 'none';
        return this.#both(
          () => model.restore(number, each.version),
          () => void stage.restoreVersion('docs', id, version),
        );
      }
    }
  }

  #both(model: () => unknown, real: () => unknown): boolean {
    let expected: unknown;
    const accepted = this.#model.attempt(() => {
      expected = model();
    });
    let refusal: string | undefined;
    try {
      expect(real()).toEqual(accepted ? expected : 'nothing, since it is refused');
    } catch (error) {
      // SQL that fails is no refusal.
      if (!(error instanceof BindingError) || error.code === 'SQL_FAILED' || 'sqlite' in error.details) throw error;
      refusal = error.message;
    }
    expect({ accepted: refusal === undefined, refusal }).toEqual({ accepted, refusal: accepted ? undefined : expect.any(String) });
    return accepted;
  }

  /** Everything that there is, by the model. */
  check(): void {
    const [model, stage] = [this.#model, this.#stage];
    const rows = new Map(stage.rows('SELECT * FROM docs').map((row) => [row['id'], row]));
    const shown = new Map(
      [{ draft: true }, { draft: true, trash: true }].flatMap((options) =>
        stage.find('docs', { ...options, locale: 'all', limit: 50 }).documents.map((document) => [document.id, document] as const),
      ),
    );
    const versions = stage.rows('SELECT _parent, _status FROM _versions_docs ORDER BY _version');
    for (const [number, document] of model.documents.entries()) {
      const id = this.#ids[number]!;
      const statuses = versions.filter(({ _parent }) => _parent === id).map(({ _status }) => _status);
      const row = rows.get(id);
      if (!document) {
        expect([row, statuses]).toEqual([undefined, []]);
        continue;
      }
      expect({ status: row?.['_status'], trashed: row?.['_deleted_at'] !== null }).toEqual({
        status: document.status,
        trashed: document.trashed,
      });
      expect(this.#content(shown.get(id))).toEqual(clean(document.content));
      expect(this.#content(stage.findById('docs', id, { draft: true, locale: 'all' }))).toEqual(clean(model.drafted(number)));
      expect(statuses).toEqual(document.versions.map(({ status }) => status));
      expect(row?.['_ref_count'], `references to ${number}`).toBe(model.refCount(number));
    }
    expect(rows.size).toBe(model.documents.filter((document) => document).length);
    const numbers = (query: object) =>
      stage
        .find('docs', { ...query, limit: 50, select: ['id'] })
        .documents.map(({ id }) => this.#ids.indexOf(id))
        .sort((a, b) => a - b);
    expect(numbers({})).toEqual(model.published());
    for (const word of WORDS) expect(numbers({ search: word, draft: true }), `search for ${word}`).toEqual(model.search(word));
  }

  #versions(number: number): { id: string; version: number; status: string }[] {
    return this.#stage.versions('docs', this.#ids[number]!);
  }

  #lua({ link, links, lines, ...data }: Data): object {
    const id = (number: number) => this.#ids[number]!;
    return {
      ...data,
      ...(link !== undefined && { link: id(link) }),
      ...(links && { links: links.map(id) }),
      ...(lines && { lines: lines.map(({ label, to }) => (to === undefined ? { label } : { label, to: id(to) })) }),
    };
  }

  /** A document read in all locales, with numbers for ids. */
  #content(document: { [key: string]: unknown } | undefined): Content | undefined {
    if (!document) return undefined;
    const number = (id: unknown) => (id === undefined ? undefined : this.#ids.indexOf(String(id)));
    const { title, code, n, link, links, lines, head } = document as { [key: string]: string };
    const heads = head as unknown as { en?: string; de?: string } | undefined;
    return clean({
      title,
      code,
      n: (n as unknown) instanceof Float ? (n as unknown as Float).value : (n as unknown as number),
      link: number(link),
      links: (links as unknown as string[]).map((id) => number(id)!),
      lines: (lines as unknown as { label: string; to?: string }[]).map(({ label, to }) => ({ label, to: number(to) })),
      head: heads?.en,
      de: heads?.de,
    } as Content);
  }
}

/** Without what is empty, which reads as absent. */
function clean(content: Content | undefined): Content | undefined {
  if (!content) return undefined;
  const lines = content.lines?.map(({ label, to }) => (to === undefined ? { label } : { label, to }));
  const entries = Object.entries({ links: [], ...content, lines: lines ?? [] });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
}

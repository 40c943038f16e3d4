/**
 * What writes of documents with drafts, a trash, a unique field and references among themselves leave, by the rules of the API page alone (4.6,
 * 4.8 to 4.12, 10.5): a naive model, which shares no code with the operations.
 */

export interface Line {
  label: string;
  /** Number of the document in the order of creation. */
  to?: number;
}

/** What a write gives; an absent key changes nothing, '' empties. */
export interface Data {
  title?: string;
  code?: string;
  n?: number;
  link?: number;
  links?: number[];
  lines?: Line[];
  head?: string;
}

/** `de` is the head in the other locale. */
export type Content = Data & { de?: string };

type Status = 'draft' | 'published';

export interface ModelDocument {
  content: Content;
  status: Status;
  trashed: boolean;
  versions: { status: Status; content: Content }[];
}

/** Thrown inside: the whole call changes nothing. */
class Refused extends Error {}

export class HistoryModel {
  /** By number; undefined = deleted for good. */
  documents: (ModelDocument | undefined)[] = [];
  readonly #generation: 8 | 10;

  constructor(generation: 8 | 10) {
    this.#generation = generation;
  }

  /** Whether the call is accepted; otherwise it changes nothing. */
  attempt(act: () => void): boolean {
    const before = structuredClone(this.documents);
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.documents = before;
      return false;
    }
  }

  create(data: Data, draft: boolean): void {
    const content = over({}, data, false);
    const status = draft ? 'draft' : 'published';
    this.documents.push({ content: {}, status, trashed: false, versions: [] });
    this.#write(this.documents.length - 1, content, status);
  }

  update(at: number, data: Data, draft: boolean, elsewhere: boolean): void {
    const document = this.#live(at);
    const pending = pendingOf(document);
    if (draft) {
      const content = over(pending ?? document.content, data, elsewhere);
      if (data.code) this.#unique(at, data.code);
      document.versions.push({ status: 'draft', content });
      return;
    }
    const under = this.#generation === 10 && pending ? pending : document.content;
    this.#write(at, over(under, data, elsewhere), 'published');
  }

  unpublish(at: number): void {
    const document = this.#live(at);
    const content = pendingOf(document) ?? document.content;
    document.status = 'draft';
    document.versions.push({ status: 'draft', content });
  }

  remove(at: number, forGood: boolean): void {
    if (!forGood) {
      this.#live(at).trashed = true;
      return;
    }
    if (!this.documents[at] || this.refCount(at) > 0) throw new Refused();
    this.documents[at] = undefined;
  }

  undelete(at: number): void {
    const document = this.documents[at];
    if (!document?.trashed) throw new Refused();
    document.trashed = false;
    if (document.content.code) this.#unique(at, document.content.code);
  }

  restore(at: number, version: number): void {
    const found = this.#live(at).versions[version];
    if (!found) throw new Refused();
    this.#write(at, found.content, this.#generation === 10 ? found.status : 'published');
  }

  updateMany(n: number, data: Data): number {
    const meant = this.#matching(n);
    for (const at of meant) this.update(at, data, false, false);
    return meant.length;
  }

  deleteMany(n: number, forGood: boolean): { deleted: number; skipped: number } {
    let pending = this.#matching(n);
    const meant = pending.length;
    for (let before = -1; pending.length !== before; ) {
      before = pending.length;
      pending = pending.filter((at) => !this.attempt(() => this.remove(at, forGood)));
    }
    return { deleted: meant - pending.length, skipped: pending.length };
  }

  /** References of other documents, trashed ones too; a has-many counts a target once, each row of `lines` by itself. */
  refCount(at: number): number {
    let count = 0;
    for (const [from, document] of this.documents.entries()) {
      if (!document || from === at) continue;
      const { link, links = [], lines = [] } = document.content;
      count += Number(link === at) + Number(links.includes(at)) + lines.filter(({ to }) => to === at).length;
    }
    return count;
  }

  /** Numbers of live documents with every word, each the beginning of one of theirs. */
  search(word: string): number[] {
    return this.#numbers(({ content, trashed }) => {
      const texts = [content.title, content.code, content.head, content.de];
      return !trashed && texts.some((text) => text?.startsWith(word));
    });
  }

  published(): number[] {
    return this.#numbers(({ status, trashed }) => status === 'published' && !trashed);
  }

  /** What a read with `draft` shows. */
  drafted(at: number): Content | undefined {
    const document = this.documents[at];
    return document && !document.trashed ? (pendingOf(document) ?? document.content) : undefined;
  }

  #numbers(wanted: (document: ModelDocument) => boolean): number[] {
    return [...this.documents.keys()].filter((at) => this.documents[at] && wanted(this.documents[at]));
  }

  #matching(n: number): number[] {
    return this.#numbers(({ content, trashed }) => content.n === n && !trashed);
  }

  #live(at: number): ModelDocument {
    const document = this.documents[at];
    if (!document || document.trashed) throw new Refused();
    return document;
  }

  #write(at: number, content: Content, status: Status): void {
    const document = this.#live(at);
    if (status === 'published' && !content.title) throw new Refused();
    if (content.code) this.#unique(at, content.code);
    const targets = [content.link, ...(content.links ?? []), ...(content.lines ?? []).map(({ to }) => to)];
    if (targets.some((target) => target !== undefined && !this.documents[target])) throw new Refused();
    Object.assign(document, { content, status });
    document.versions.push({ status, content });
  }

  /** Taken by a live document, whose drafts do not count. */
  #unique(at: number, code: string): void {
    const others = this.#numbers(({ content, trashed }) => !trashed && content.code === code);
    if (others.some((other) => other !== at)) throw new Refused();
  }
}

function pendingOf({ versions }: ModelDocument): Content | undefined {
  const newest = versions[versions.length - 1];
  return newest?.status === 'draft' ? newest.content : undefined;
}

function over(under: Content, { head, ...data }: Data, elsewhere: boolean): Content {
  const own = head === undefined ? {} : elsewhere ? { de: head } : { head };
  return { ...under, ...data, ...own };
}

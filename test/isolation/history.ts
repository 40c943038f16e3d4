/**
 * Whether what runs read and wrote could have come of executing them one after the other. Every write appends the writer to the history of a
 * row, so the versions of a row and their order are known; dependencies between runs must have no cycle (Adya; as Elle checks lists).
 */

export interface Transaction {
  id: string;
  /** Row -> the history that was read. */
  read: Record<string, string[]>;
  /** Rows that it appended itself to. */
  wrote: string[];
}

export interface Verdict {
  /** Writers that are not in the history of a row that they wrote. */
  lost: string[];
  /** Reads that are no version of their row. */
  torn: string[];
  /** Runs that depend on each other in a circle; empty when some order explains everything. */
  cycle: string[];
}

export function judge(transactions: readonly Transaction[], rows: Readonly<Record<string, string[]>>): Verdict {
  const lost = transactions.flatMap(({ id, wrote }) =>
    wrote.filter((row) => rows[row]?.filter((each) => each === id).length !== 1).map((row) => `${id} in ${row}`),
  );
  const torn: string[] = [];
  const edges = new Map<string, Set<string>>();
  const depends = (from: string | undefined, to: string | undefined) => {
    if (from === undefined || to === undefined || from === to) return;
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
  };
  for (const history of Object.values(rows)) for (let i = 1; i < history.length; i++) depends(history[i - 1], history[i]);
  for (const { id, read } of transactions) {
    for (const [row, seen] of Object.entries(read)) {
      const history = rows[row] ?? [];
      if (seen.some((each, i) => history[i] !== each))
        torn.push(`${id} read ${row}: ${seen.length} entries that are no beginning of its history`);
      depends(seen.at(-1), id);
      // What came after the version that it read came after it.
      const next = history[seen.length];
      depends(id, next === id ? history[seen.length + 1] : next);
    }
  }
  return { lost, torn, cycle: cycleIn(edges) };
}

function cycleIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  for (const start of edges.keys()) {
    const path: { node: string; rest: string[] }[] = [{ node: start, rest: [...(edges.get(start) ?? [])] }];
    if (state.has(start)) continue;
    state.set(start, 'open');
    while (path.length > 0) {
      const top = path.at(-1)!;
      const next = top.rest.pop();
      if (next === undefined) {
        state.set(top.node, 'done');
        path.pop();
      } else if (state.get(next) === 'open') {
        const nodes = path.map(({ node }) => node);
        return [...nodes.slice(nodes.indexOf(next)), next];
      } else if (!state.has(next)) {
        state.set(next, 'open');
        path.push({ node: next, rest: [...(edges.get(next) ?? [])] });
      }
    }
  }
  return [];
}

/** Finds the line of a key in a TOML text by scanning it: exact for the usual forms, the nearest enclosing line for the others. */

/** 1-based line of `path` (["jobs", "poll_interval"]), or of its nearest parent that has a line; undefined when none has. */
export function lineOfKey(text: string, path: readonly string[]): number | undefined {
  const lines = keyLines(text);
  for (let depth = path.length; depth > 0; depth--) {
    const line = lines.get(pathText(path.slice(0, depth)));
    if (line !== undefined) return line;
  }
  return undefined;
}

function pathText(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** Every written path (headers, keys, dotted keys, keys of inline tables on one line) with its first line. */
function keyLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const headers: { path: string[]; line: number }[] = [];
  const note = (path: readonly string[], line: number) => {
    const key = pathText(path);
    if (!lines.has(key)) lines.set(key, line);
  };
  let table: string[] = [];
  let multiline: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (multiline !== undefined) {
      if (line.includes(multiline)) multiline = undefined;
      continue;
    }
    const header = /^\s*\[{1,2}\s*(.+?)\s*\]{1,2}\s*(#.*)?$/.exec(line);
    if (header) {
      table = splitKey(header[1]!);
      note(table, index + 1);
      headers.push({ path: table, line: index + 1 });
      continue;
    }
    const assignment = /^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=\s*(.*)$/.exec(line);
    if (!assignment) continue;
    const path = [...table, ...splitKey(assignment[1]!)];
    for (let depth = table.length + 1; depth <= path.length; depth++) note(path.slice(0, depth), index + 1);
    const value = assignment[2]!;
    if (value.startsWith('{')) for (const [, key] of value.matchAll(/[{,]\s*([A-Za-z0-9_-]+)\s*=/g)) note([...path, key!], index + 1);
    const quotes = /^("""|''')/.exec(value)?.[1];
    if (quotes !== undefined && !value.slice(3).includes(quotes)) multiline = quotes;
  }
  // Tables that only stand in front of another's name: `jobs` in [jobs.queues.mail].
  for (const { path, line } of headers) for (let depth = 1; depth < path.length; depth++) note(path.slice(0, depth), line);
  return lines;
}

function splitKey(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
}

/** One id in 64 begins with a dash, and would be read as an option: `moonlighter jobs why -XH23FrOtu5bIAp_WoH-u`. */

/** 21 characters of nanoid's alphabet; long options, which are words of small letters, are none. */
const DASHED_ID = /^-(?!-[a-z-]+$)[\w-]{20}$/;

/** Arguments with ids that would be read as options moved behind `--`; those that are the value of the option before them stay. */
export function dashedIdsLast(args: readonly string[]): string[] {
  const rest: string[] = [];
  const ids: string[] = [];
  for (const [i, arg] of args.entries()) {
    if (arg === '--') return [...rest, arg, ...ids, ...args.slice(i + 1)];
    const before = args[i - 1] ?? '';
    const isValue = before.startsWith('-') && before !== '--json' && !DASHED_ID.test(before);
    if (DASHED_ID.test(arg) && !isValue) ids.push(arg);
    else rest.push(arg);
  }
  return ids.length === 0 ? rest : [...rest, '--', ...ids];
}

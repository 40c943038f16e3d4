/** Limits of code in slots that nobody configures. */

/** A Lua slice longer than this lets other runs of the thread go on. */
export const SLICE_MS = 10;

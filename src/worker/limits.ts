/** Limits of code in slots that nobody configures. */

/** A Lua slice longer than this lets other runs of the thread go on. */
export const SLICE_MS = 10;

/** The [hooks] on_init functions must end within this together. */
export const ON_INIT_LIMIT_MS = 300_000;

/** The functions that one transaction registered with crap.tx must end within this together. */
export const EFFECTS_LIMIT_MS = 30_000;

// A worker thread that kills the process before its Nth statement (MOONLIGHTER_TEST_KILL_AT; 0 = never).
const dist = new URL('../../dist/', import.meta.url);
const { watchStatements } = await import(new URL('store/sqlite/database.js', dist).href);

const at = Number(process.env.MOONLIGHTER_TEST_KILL_AT);
let statements = 0;
if (at > 0) {
  watchStatements(() => {
    if (++statements === at) process.kill(process.pid, 'SIGKILL');
  });
}
await import(new URL('worker/thread.js', dist).href);

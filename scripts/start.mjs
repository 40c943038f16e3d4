// `npm start`: sets the clone up, then serves the sample project. Arguments are passed on to `moonlighter serve`.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const sample = join('examples', 'newsroom');
const binary = join('bin', 'moonlighter.js');
process.stderr.write(
  [
    '',
    `Serving the sample project ${sample}; Ctrl-C ends it. In another terminal, try:`,
    '',
    `  node ${binary} -C ${sample} jobs list`,
    `  node ${binary} -C ${sample} jobs trigger send_digest --wait`,
    `  node ${binary} -C ${sample} eval 'return crap.collections.create("users", { name = "Ada", email = "ada@example.com" }).id'`,
    '',
    '',
  ].join('\n'),
);
// The sample must start whatever else runs on this machine: any free port where its own is taken.
const port = process.env.PORT ?? ((await isFree(7878)) ? undefined : '0');
const child = spawn(
  process.execPath,
  [join(root, binary), '-C', join(root, sample), 'serve', ...(port ? ['--port', port] : []), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
// A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone does not.
process.on('SIGINT', () => {
  if (!process.stdin.isTTY) child.kill('SIGINT');
});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));

function isFree(number) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(number, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

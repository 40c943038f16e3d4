// `npm start`: sets the clone up, then serves the sample project. Arguments are passed on to `moonlighter serve`.
import { spawn } from 'node:child_process';
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
const port = process.env.PORT ? ['--port', process.env.PORT] : [];
const child = spawn(process.execPath, [join(root, binary), '-C', join(root, sample), 'serve', ...port, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone does not.
process.on('SIGINT', () => {
  if (!process.stdin.isTTY) child.kill('SIGINT');
});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));

/** `moonlighter init`: a new project folder that runs at once. */
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { action, type GlobalOptions, type Invocation } from './command.js';

export function registerInit(command: Command, invocation: Invocation): void {
  command.addHelpText('after', '\nExample:\n  moonlighter init news');
  action<GlobalOptions, [string | undefined]>(command, invocation, async ({ output, cwd }, { config = '.' }, dir = '.') => {
    const { initProject } = await import('../operations/init-project.js');
    const report = initProject(resolve(cwd, config, dir), cwd);
    const folder = relative(cwd, report.dir);
    output.result(report, () => report.files.map((file) => `Created ${relative(cwd, file)}`).join('\n'));
    const at = folder === '' ? '' : ` -C ${folder}`;
    output.note(
      [
        '',
        'Next:',
        `  moonlighter${at} serve`,
        `  moonlighter${at} collections create messages -d '{"text": "hello"}'`,
        `  moonlighter${at} jobs status`,
      ].join('\n'),
    );
  });
}

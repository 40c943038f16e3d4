/** Project folders for tests: files written into a fresh temporary folder, removed by `dispose`. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface ProjectFolder {
  /** Absolute, without symbolic links. */
  readonly dir: string;
  /** Writes further files, by path relative to the folder. */
  write(files: Record<string, string>): Promise<void>;
  dispose(): Promise<void>;
}

/** A project with an open crap.toml (access not denied by default) unless `files` bring their own. */
export async function createProject(files: Record<string, string>): Promise<ProjectFolder> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ml-p-')));
  const folder: ProjectFolder = {
    dir,
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(join(dir, name)), { recursive: true });
        await writeFile(join(dir, name), text);
      }
    },
    dispose: () => rm(dir, { recursive: true, force: true }),
  };
  await folder.write({ 'crap.toml': '[access]\ndefault_deny = false\n', ...files });
  return folder;
}

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProject } from '../../src/config/find-project.js';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ml-f-')));
  for (const folder of ['site/hooks/deep', 'plain/below', 'empty', 'only-jobs/jobs']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'site/crap.toml'), '');
  writeFileSync(join(root, 'plain/init.lua'), '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the project folder', () => {
  it('is the one named by -C, before everything else', () => {
    const env = { CRAP_CONFIG_DIR: join(root, 'plain') };
    expect(findProject({ flag: '../site', env, cwd: join(root, 'plain') })).toBe(join(root, 'site'));
    expect(findProject({ flag: join(root, 'site/crap.toml'), env: {}, cwd: '/' })).toBe(join(root, 'site'));
    expect(findProject({ flag: join(root, 'only-jobs'), env: {}, cwd: '/' })).toBe(join(root, 'only-jobs'));
  });

  it('is that of CRAP_CONFIG_DIR, before walking up', () => {
    expect(findProject({ env: { CRAP_CONFIG_DIR: join(root, 'plain') }, cwd: join(root, 'site') })).toBe(join(root, 'plain'));
  });

  it('is the nearest one upwards with crap.toml or init.lua', () => {
    expect(findProject({ env: {}, cwd: join(root, 'site/hooks/deep') })).toBe(join(root, 'site'));
    expect(findProject({ env: {}, cwd: join(root, 'plain/below') })).toBe(join(root, 'plain'));
  });

  it('is asked for with a remedy where there is none', () => {
    const code = 'PROJECT_NOT_FOUND';
    expect(() => findProject({ env: {}, cwd: join(root, 'empty') })).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(/^No crap\.toml found in '.*empty' or any parent directory\.$/),
        remedy: expect.any(String),
      }),
    );
    expect(() => findProject({ flag: join(root, 'empty'), env: {}, cwd: '/' })).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringContaining('Make sure the path points to a valid crap-cms config directory.'),
      }),
    );
    expect(() => findProject({ flag: join(root, 'nowhere'), env: {}, cwd: '/' })).toThrow(expect.objectContaining({ code }));
    expect(() => findProject({ flag: join(root, 'plain/init.lua'), env: {}, cwd: '/' })).toThrow(expect.objectContaining({ code }));
  });
});

/** Ids that begin with a dash. Regression: `jobs why -X…` ended as "unknown option", for one run in 64. */
import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { dashedIdsLast } from '../../src/cli/dashed-ids.js';
import { Scenario } from '../scenarios/support.js';

const ID = '-XH23FrOtu5bIAp_WoH-u';

it('are arguments, wherever they stand; values of options and options stay where they are', () => {
  expect(dashedIdsLast(['jobs', 'why', ID, '--json'])).toEqual(['jobs', 'why', '--json', '--', ID]);
  expect(dashedIdsLast(['--json', ID])).toEqual(['--json', '--', ID]);
  expect(dashedIdsLast(['jobs', 'status', '--id', ID])).toEqual(['jobs', 'status', '--id', ID]);
  expect(dashedIdsLast(['collections', 'update', 'posts', ID, '-d', '{}'])).toEqual([
    'collections',
    'update',
    'posts',
    '-d',
    '{}',
    '--',
    ID,
  ]);
  expect(dashedIdsLast(['jobs', '--', 'why', ID])).toEqual(['jobs', '--', 'why', ID]);
  expect(dashedIdsLast(['jobs', '--a-long-option-of-it'])).toEqual(['jobs', '--a-long-option-of-it']);
});

it('are found by the commands that take a run', async () => {
  const scenario = await Scenario.create({
    'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function() end }',
  });
  try {
    const { id } = await scenario.json<{ id: string }>('jobs', 'trigger', 'a');
    const db = new Sqlite(`${scenario.dir}/data/crap.db`);
    db.prepare('UPDATE _crap_jobs SET id = ? WHERE id = ?').run(ID, id);
    db.close();
    expect(await scenario.json('jobs', 'why', ID)).toMatchObject({ id: ID });
    expect(await scenario.json('jobs', 'logs', ID)).toEqual([]);
    expect(await scenario.json('jobs', 'status', '--id', ID)).toMatchObject({ id: ID });
    expect(await scenario.json('jobs', 'cancel', '--id', ID)).toMatchObject({ id: ID, outcome: 'cancelled' });
  } finally {
    await scenario.dispose();
  }
});

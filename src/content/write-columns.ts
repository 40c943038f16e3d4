/** From the data of a write to the columns it sets (Lua API 3.4). */
import type { Op } from '../domain/op.js';
import type { SqlValue } from '../store/db.js';
import { columnInput } from './coerce.js';
import type { ContentContext } from './context.js';
import { showingSql } from './failure.js';
import { ABSENT, type Input, valueOfLeaf } from './input.js';
import { columnOf, type Plan, sqlName } from './plan.js';
import { zoneOf } from './validate/validate.js';

export interface ColumnValues {
  /** SQL names. */
  names: string[];
  values: SqlValue[];
}

/**
 * Absent keys set nothing, so that SQL defaults (create) or old values (update) stand, checkboxes aside: `default` sets them to their
 * default, `reset` to 0, `keep` leaves them. A zone is set only together with its date.
 */
export function columnsToWrite(
  plan: Plan,
  input: Input,
  locale: string | undefined,
  absentCheckboxes: 'default' | 'reset' | 'keep',
): ColumnValues {
  const names: string[] = [];
  const values: SqlValue[] = [];
  const put = (name: string, value: SqlValue) => {
    names.push(sqlName(name));
    values.push(value);
  };
  let dateGiven = false;
  for (const leaf of plan.columns) {
    const value = valueOfLeaf(input, leaf);
    if (leaf.isZone) {
      if (value !== ABSENT && dateGiven) put(columnOf(plan, leaf, locale), columnInput(leaf, value));
      continue;
    }
    dateGiven = value !== ABSENT;
    if (value !== ABSENT) {
      put(columnOf(plan, leaf, locale), columnInput(leaf, value, zoneOf(input, leaf)));
    } else if (leaf.kind === 'checkbox' && absentCheckboxes !== 'keep') {
      put(columnOf(plan, leaf, locale), absentCheckboxes === 'default' && leaf.field.defaultValue === true ? 1 : 0);
    }
  }
  return { names, values };
}

export function* insertRow(ctx: ContentContext, plan: Plan, columns: ColumnValues): Op<void> {
  const { names, values } = columns;
  const marks = names.map(() => '?').join(', ');
  const sql = `INSERT INTO ${ctx.db.dialect.ident(plan.table)} (${names.join(', ')}) VALUES (${marks})`;
  yield* showingSql(`Failed to insert into '${plan.table}'`, 'execute', () => ctx.db.run(sql, values));
}

/** Ends with whether the row was there. */
export function* updateRow(ctx: ContentContext, plan: Plan, id: string, columns: ColumnValues): Op<boolean> {
  const { names, values } = columns;
  if (names.length === 0) return true;
  const sql = `UPDATE ${ctx.db.dialect.ident(plan.table)} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`;
  return (yield* showingSql(`Failed to update '${plan.table}'`, 'execute', () => ctx.db.run(sql, [...values, id]))) > 0;
}

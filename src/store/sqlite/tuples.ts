import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Tuple, Tuples } from "./fact-places.ts";

/** Reads rows as arrays, with 64-bit integers as `bigint`, by statements that are prepared once. */
export function preparedTuples(db: DatabaseSync): Tuples {
  const prepared = new Map<string, StatementSync>();
  return (sql, ...values) => {
    let statement = prepared.get(sql);
    if (statement === undefined) prepared.set(sql, (statement = preparedTuple(db, sql)));
    return statement.all(...values) as unknown as readonly Tuple[];
  };
}

export function preparedTuple(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement;
}

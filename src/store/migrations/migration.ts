import { Unavailable } from "../../core/unavailable.ts";

// A migration takes a store from one layout to a later one. Each migration is one file per engine. The file reads the old layout with
// code of its own, because the store adapters know the present layout only.
//
// Rules for every migration:
// - It is refused while a gateway has the store open.
// - Interrupted at any moment (kill -9, power), it leaves the old store, or a store that no build opens; run again, it completes.
// - A gateway of the old layout that still runs, or is started anyway, cannot write into the new store: the engine refuses its writes.
// - No record, decision or action of the old store is deleted.

export type Migration = {
  readonly from: number;
  /** A layout later than `from`. A migration that decides the log again always leads to the layout that this build writes. */
  readonly to: number;
  /** Says what `up` would do, and changes nothing. */
  readonly plan: () => Promise<Plan>;
  /** Migrates the store. @param tell is called with a description of each step before the step. */
  readonly up: (tell: (step: string) => void, operator: Operator) => Promise<void>;
};

/** The person who migrates, and the time by the clock of their machine (ISO 8601), for the operator log. */
export type Operator = { readonly actor: string; readonly at: string };

/** What a migration will do. */
export type Plan = {
  /** The steps, a sentence each. */
  readonly steps: readonly string[];
  /** The streams whose log will be decided again; empty for a migration that keeps decisions. */
  readonly decided: readonly Decided[];
  /**
   * Counts the records of a stream in the old store whose offset lies outside the bounds of the log; with null bounds, all records of
   * the stream.
   */
  readonly heldOutside: (stream: string, bounds: Bounds | null) => Promise<number>;
};

/** A stream of the old ledger, and the offsets `[from, to)` that were decided. */
export type Decided = { readonly stream: string; readonly from: bigint; readonly to: bigint; readonly records: number };

/** The first offset of a log and the one after its last. */
export type Bounds = { readonly start: bigint; readonly end: bigint };

/** The error when another migration began or ended after this one read the store's layout. */
export function migratedMeanwhile(): Unavailable {
  return new Unavailable(
    "STORE_LOCKED",
    "Cannot migrate the store: another migration of it began or ended meanwhile",
    "look again with `sigma store migrate --dry-run`; nothing was changed",
  );
}

/** The error when another migration took the place of this one, which was taken for broken off. */
export function migrationTakenOver(): Unavailable {
  return new Unavailable(
    "STORE_LOCKED",
    "Cannot complete the migration of the store: another one has taken its place",
    "let that one come to its end; `sigma store migrate` goes on where it was broken off",
  );
}

/** The layout to which migrations lead, which this build writes. */
export function layoutAfter(migrations: readonly Pick<Migration, "to">[]): number {
  return Math.max(...migrations.map(({ to }) => to));
}

/** Finds the migration from a layout. @throws `Unavailable` when there is none. */
export function nextMigration(migrations: readonly Migration[], from: number): Migration {
  const next = migrations.find((one) => one.from === from);
  if (next !== undefined) return next;
  throw new Unavailable(
    "STORE_OLDER",
    `Cannot migrate the store: no migration leads on from layout ${from}; this build writes ${layoutAfter(migrations)}`,
    "use the builds in between, one after the other",
  );
}

/** What all migrations from a layout on will do. @throws `Unavailable` when none leads on. */
export async function planOf(migrations: readonly Migration[], from: number): Promise<Plan> {
  const next = nextMigration(migrations, from);
  const plan = await next.plan();
  if (next.to === layoutAfter(migrations)) return plan;
  const rest = await planOf(migrations, next.to);
  return { ...plan, steps: [...plan.steps, ...rest.steps] };
}

/**
 * Migrates a store, layout by layout, to the layout of this build.
 * @param found reads the store's present layout.
 * @returns every layout that the store had, from the first to the last.
 */
export async function runMigrations(
  migrations: readonly Migration[],
  found: () => Promise<number>,
  operator: Operator,
  tell: (step: string) => void,
): Promise<readonly number[]> {
  const first = await found();
  const had = [first];
  for (let version = first; version !== layoutAfter(migrations);) {
    const next = nextMigration(migrations, version);
    await next.up(tell, operator);
    version = await found();
    // Between two migrations the store is free: another process may have gone on by now.
    if (version < next.to) throw new Error(`Migration ${next.from} to ${next.to} left layout ${version}`);
    had.push(version);
  }
  return had;
}

import { LAYOUT } from "../layout-version.ts";
import { Unavailable } from "../../core/unavailable.ts";

// A migration leads a store from one layout of ours to a later one. Each is one file for each engine, which reads the layout of before
// in its own words: the code of the stores knows the present layout only, and changes with it.
//
// What every migration keeps to: it is refused while a gateway holds the store; broken off at any moment (kill -9, power) it leaves
// what no build opens or what was before, and runs to its end when it is run again; a gateway of the layout before that runs on or is
// started all the same can write nothing into the new one, since the engine itself refuses it; nothing of the old store is deleted.

export type Migration = {
  readonly from: number;
  /** Later than `from`. One that begins anew leads to the layout of this build, whichever that is. */
  readonly to: number;
  /** Looks, and changes nothing. */
  readonly plan: () => Promise<Plan>;
  /** @param tell is told of each step before it is taken. */
  readonly up: (tell: (step: string) => void, operator: Operator) => Promise<void>;
};

/** Who migrates, and when by their own clock, ISO 8601: kept in the operator log. */
export type Operator = { readonly actor: string; readonly at: string };

/** What a migration will do, for people: a sentence each. */
export type Plan = {
  readonly steps: readonly string[];
  /** What was decided, of which the log is decided again; empty for one that keeps decisions. */
  readonly decided: readonly Decided[];
  /**
   * Records that the old store holds of a stream and of which the log has none, since they lie before its first offset or behind
   * its last. Without bounds: all of the stream.
   */
  readonly heldOutside: (stream: string, bounds: Bounds | null) => Promise<number>;
};

/** A stream of the old ledger. */
export type Decided = { readonly stream: string; readonly from: bigint; readonly to: bigint; readonly records: number };

/** The first offset of a log and the one after its last. */
export type Bounds = { readonly start: bigint; readonly end: bigint };

/** Another migration began or ended between the look at a store and the work on it. */
export function migratedMeanwhile(): Unavailable {
  return new Unavailable(
    "STORE_LOCKED",
    "Cannot migrate the store: another migration of it began or ended meanwhile",
    "look again with `sigma store migrate --dry-run`; nothing was changed",
  );
}

/** The one that leads on from a layout. @throws `Unavailable` when none does. */
export function nextMigration(migrations: readonly Migration[], from: number): Migration {
  const next = migrations.find((one) => one.from === from);
  if (next !== undefined) return next;
  throw new Unavailable(
    "STORE_OLDER",
    `Cannot migrate the store: no migration leads on from layout ${from}; this build writes ${LAYOUT}`,
    "use the builds in between, one after the other",
  );
}

/**
 * Migrates step by step to the layout of this build.
 * @param found reads the layout that the store has now.
 * @returns the layouts that it had, the last one included.
 */
export async function runMigrations(
  migrations: readonly Migration[],
  found: () => Promise<number>,
  operator: Operator,
  tell: (step: string) => void,
): Promise<readonly number[]> {
  const had = [await found()];
  for (let version = had[0] ?? LAYOUT; version !== LAYOUT;) {
    const next = nextMigration(migrations, version);
    await next.up(tell, operator);
    version = await found();
    if (version !== next.to) throw new Error(`Migration ${next.from} to ${next.to} left layout ${version}`);
    had.push(version);
  }
  return had;
}

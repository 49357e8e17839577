import { Unavailable } from "../../src/core/unavailable.ts";
import { completeErasures, eraseRecords } from "../../src/erase/erase.ts";
import type { PlannedEntry } from "../../src/erase/select.ts";
import { createLookup } from "../../src/gateway/lookup.ts";
import { repairStore } from "../../src/repair/repair.ts";
import { planRetention } from "../../src/retain/plan.ts";
import type { Policy } from "../../src/retain/policy.ts";
import { completeRetention, runRetention, sweep } from "../../src/retain/run.ts";
import { wasErased } from "../../src/gateway/decided.ts";
import { createErasureBook, isWithin, rangesOf } from "../../src/operator/erasures.ts";
import { createFloorBook } from "../../src/operator/floors.ts";
import { decodeOutcomes } from "../../src/ledger/proof.ts";
import type { FailedRow, PassedRow, Store } from "../../src/store/store.ts";
import type { Random } from "./random.ts";
import type { Write } from "./sim-state.ts";
import type { SimStore } from "./sim-store.ts";
import type { Incarnation, World } from "./world.ts";

/**
 * People who erase records and repair documents beside the workers. Who erases may be gone in the middle of it; who repairs begins
 * again until it is done, since nothing but the repair itself knows that it was in the middle.
 */
export type Operators = {
  /** Begins to erase some records of a stream. */
  readonly erase: (stream: string) => void;
  /** Begins to bring documents back, and to write changed ones again. */
  readonly repair: () => void;
  /** Begins to take away failures, receipts, facts and evidence up to a time. */
  readonly retain: () => void;
  /** One of those who erase or take away is gone. */
  readonly crash: () => void;
  /** No more faults: what was announced is completed. @param step lets the world go on. */
  readonly complete: (step: () => Promise<void>) => Promise<void>;
  /** What is not as it was promised. */
  readonly violations: () => Promise<readonly string[]>;
};

const SIGNAL = new AbortController().signal;

/** When the records of a history were sent, and when those who take them away look at the clock. */
const SENT_MS = 1_700_000_000_000;
/** A stream goes on over some hours, and over midnight: two or three records an hour. */
const BETWEEN_MS = 25 * 60_000;
export const NOW_MS: number = sentMs(20);

/** When a stream's record of this number was sent. */
export function sentMs(number: number): number {
  return SENT_MS + number * BETWEEN_MS;
}

/** @param mayErase false where evidence is dropped: of an entry without it nothing can be erased. */
export function createOperators(world: World, random: Random, store: SimStore, mayErase: boolean): Operators {
  /** Those who erase or take away. */
  const erasing: Incarnation[] = [];
  const found: string[] = [];
  let repairs = 0;
  let acted = 0;
  const operator = () => ({
    actor: "operator",
    at: `2026-01-01T00:00:00.${String(acted).padStart(3, "0")}Z`,
    reason: "",
  });

  /** @returns whether it came to its end. */
  const act = async (by: Incarnation, what: (by: Store) => Promise<unknown>): Promise<boolean> => {
    acted += 1;
    try {
      await what(store.connect(by));
      return true;
    } catch (error) {
      if (!(error instanceof Unavailable)) found.push(`BUG: ${String(error)}`);
      return !(error instanceof Unavailable);
    }
  };

  const repair = async (): Promise<void> => {
    repairs += 1;
    const replace = operator();
    while (!(await act({ dead: false }, async (by) => repairStore(by, { replace, dryRun: false, signal: SIGNAL }))));
    repairs -= 1;
  };

  const begin = (stream: string): void => {
    const incarnation: Incarnation = { dead: false };
    erasing.push(incarnation);
    void act(incarnation, async (by) => {
      await eraseOf(by, stream);
    }).finally(() => erasing.splice(erasing.indexOf(incarnation), 1));
  };

  const eraseOf = async (by: Store, stream: string): Promise<void> => {
    const options = { operator: operator(), signal: SIGNAL };
    await eraseRecords({ store: by, log: null }, await planOf(by, stream), options);
  };

  const retain = (): void => {
    const incarnation: Incarnation = { dead: false };
    erasing.push(incarnation);
    const kinds = random.pick([
      ["failed"],
      ["receipts"],
      ["failed", "receipts"],
      ["evidence"],
      ["facts"],
      ["facts", "evidence"],
      ["failed", "receipts", "facts", "evidence"],
    ]);
    const term = { ms: NOW_MS - sentMs(random.below(16)), says: "a term" };
    void act(incarnation, async (by) => {
      const policy: Policy = (kind) => (kinds.includes(kind) ? term : null);
      const plan = await planRetention(by.reads, { policy, nowMs: NOW_MS, signal: SIGNAL });
      await runRetention(by, plan, { operator: operator(), signal: SIGNAL });
    }).finally(() => erasing.splice(erasing.indexOf(incarnation), 1));
  };

  const planOf = async ({ reads }: Store, stream: string): Promise<readonly PlannedEntry[]> => {
    const note = (await reads.streamNotes()).find((one) => one.stream === stream);
    const entries = (await reads.ledger(stream, 0, 1_000)).filter(({ kind, count }) => kind === "BATCH" && count > 0);
    if (note === undefined || entries.length === 0) return [];
    const some = entries.filter(() => random.chance(0.4));
    return some.flatMap(({ seq, from, outcomes }) => {
      const offsets = (decodeOutcomes(from, outcomes)?.leaves ?? []).map(({ offset }) => offset);
      const ranges = rangesOf(offsets.filter(() => random.chance(0.4)));
      return ranges.length === 0 ? [] : [{ note, seq, ranges }];
    });
  };

  return {
    erase: (stream) => {
      // Of the same request two people may take care.
      for (let people = random.chance(0.4) ? 2 : 1; people > 0; people -= 1) begin(stream);
    },
    repair: () => void repair(),
    retain: () => {
      for (let people = random.chance(0.4) ? 2 : 1; people > 0; people -= 1) retain();
    },
    crash: () => {
      const [one] = erasing.splice(0, 1);
      if (one !== undefined) world.crash(one);
    },
    complete: async (step) => {
      // Whoever is at it still is gone now; what they sent may arrive.
      for (const one of erasing) world.crash(one);
      for (let steps = 0; steps < 150 || repairs > 0; steps += 1) await step();
      let isOver = false;
      void act({ dead: false }, async (by) => {
        const { faults } = await completeErasures({ store: by, log: null }, { operator: operator(), signal: SIGNAL });
        found.push(...faults.map((fault) => `ERASE: ${fault}`));
        // Workers that were held up may have written behind the floors.
        const retaining = { operator: operator(), signal: SIGNAL };
        const completed = await completeRetention(by, retaining);
        const swept = await sweep(by, retaining);
        found.push(...[...completed.faults, ...swept.faults].map((fault) => `RETAIN: ${fault}`));
        // Whoever repairs or erases later leaves gone what is gone.
        if (mayErase && random.chance(0.5))
          await repairStore(by, { replace: operator(), dryRun: false, signal: SIGNAL });
        if (mayErase && random.chance(0.5)) for (const stream of await by.reads.streams()) await eraseOf(by, stream);
      }).finally(() => {
        isOver = true;
      });
      while (!isOver) await step();
    },
    violations: async () => {
      found.push(...neverTaken(store.log()));
      const book = createErasureBook();
      for (const action of await store.reads.operatorLog(0, 10_000)) book.see(action);
      const lookup = createLookup(store.reads);
      for (const stream of new Set(book.all().map((one) => one.stream))) {
        const rows = await lookup.rows(stream, 0n, 1_000n);
        const own = book.all().filter((one) => one.stream === stream);
        const isThere = rows.some(
          (row) => own.some(({ ranges }) => isWithin(ranges, row.position.offset)) && !wasErased(row),
        );
        if (isThere) found.push("ERASED: a record is there that was erased");
      }
      return found;
    },
  };
}

/** Finds floors that were called done, failures under them that were never taken, and facts that are whole. Who writes one later is another matter. */
function neverTaken(log: readonly Write[]): readonly string[] {
  const book = createFloorBook();
  /** Failures by id, with the last action of the operator log before they were written. */
  const there = new Map<string, { readonly row: FailedRow; readonly after: number }>();
  const found: string[] = [];
  const facts = new Map<string, PassedRow>();
  for (const write of log) {
    if (write.table === "validated") facts.set(write.row.id, write.row);
    if (write.table === "failed" && !there.has(write.row.id))
      there.set(write.row.id, { row: write.row, after: book.through() });
    if (write.table === "removed") there.delete(write.id);
    if (write.table !== "actions") continue;
    book.see(write.action);
    if (write.action.action !== "retained") continue;
    const pending = book.pending();
    for (const { row, after } of there.values()) {
      const { stream, offset } = row.position;
      const floors = book.all().filter((floor) => floor.kind === "failed" && floor.stream === stream);
      // The first floor above a failure takes it.
      const floor = floors.find((one) => offset < one.offset);
      if (floor !== undefined && floor.action.seq > after && !pending.includes(floor))
        found.push("RETAIN: called done, and a failure was never taken");
    }
  }
  const isBelow = ({ position: { stream, offset } }: PassedRow): boolean =>
    book.all().some((floor) => floor.kind === "facts" && floor.stream === stream && offset < floor.offset);
  // Where their evidence is gone the audit cannot tell.
  if ([...facts.values()].some((row) => row.kind === "validated" && isBelow(row)))
    found.push("RETAIN: called done, and a fact is whole");
  return found;
}

import { Unavailable } from "../../src/core/unavailable.ts";
import { completeErasures, eraseRecords } from "../../src/erase/erase.ts";
import type { PlannedEntry } from "../../src/erase/select.ts";
import { createLookup } from "../../src/gateway/lookup.ts";
import { repairStore } from "../../src/repair/repair.ts";
import { wasErased } from "../../src/gateway/decided.ts";
import { createErasureBook, isWithin, rangesOf } from "../../src/operator/erasures.ts";
import { decodeOutcomes } from "../../src/ledger/proof.ts";
import type { Store } from "../../src/store/store.ts";
import type { Random } from "./random.ts";
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
  /** One of those who erase is gone. */
  readonly crash: () => void;
  /** No more faults: what was announced is completed. @param step lets the world go on. */
  readonly complete: (step: () => Promise<void>) => Promise<void>;
  /** What is not as it was promised. */
  readonly violations: () => Promise<readonly string[]>;
};

const SIGNAL = new AbortController().signal;

export function createOperators(world: World, random: Random, store: SimStore): Operators {
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
      const options = { operator: operator(), signal: SIGNAL };
      await eraseRecords({ store: by, log: null }, await planOf(by, stream), options);
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
      }).finally(() => {
        isOver = true;
      });
      while (!isOver) await step();
    },
    violations: async () => {
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

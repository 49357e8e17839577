import { describe, expect, test } from "vitest";
import { openToMigrate } from "../../../src/app/migrating.ts";
import { findLosses, type LogAtHand, type Loss } from "../../../src/store/migrations/loss.ts";
import { nextMigration, type Migration, type Plan } from "../../../src/store/migrations/migration.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { unavailable } from "../../unavailable.ts";
import { putOldFiles } from "../layout-1/fixture.ts";

const TOPIC = "sigma-aetl.shipments";

/** The plan for a store that decided [0, 9) of one stream, a record at each offset. */
async function oldPlan(): Promise<Plan> {
  const dataDir = temporaryDirectory();
  putOldFiles(dataDir);
  const { migrations } = await openToMigrate({ dataDir, mongodbUri: null }, false);
  return nextMigration(migrations, 1).plan();
}

function logOf(plan: Plan, start: bigint, end: bigint, compacted: readonly string[] = []): LogAtHand {
  const [decided] = plan.decided;
  const stream = { id: decided?.stream ?? "", topic: TOPIC, partition: 0 };
  return { streams: async () => [stream], bounds: async () => ({ start, end }), compacted };
}

/** How many records are lost, and why. */
function told(losses: readonly Loss[]): readonly (readonly [number | null, string])[] {
  return losses.map(({ records, message }) => [records, message.replace(/^\S+: /, "")]);
}

describe("what deciding the log again would lose", () => {
  test("is nothing while the log has everything that was decided, and more", async () => {
    const plan = await oldPlan();
    expect(plan.decided).toMatchObject([{ from: 0n, to: 9n, records: 9 }]);
    expect(await findLosses(plan, logOf(plan, 0n, 9n))).toEqual([]);
    expect(await findLosses(plan, logOf(plan, 0n, 1_000n))).toEqual([]);
  });

  test.each([
    [3n, 9n, 3],
    [0n, 7n, 2],
    [2n, 8n, 3],
    [9n, 9n, 9],
    [1_000_000n, 1_000_001n, 9],
  ])("is every record outside of a log that holds [%s, %s)", async (start, end, records) => {
    const plan = await oldPlan();
    const why = `the log holds [${start}, ${end}), and the store decided [0, 9)`;
    expect(told(await findLosses(plan, logOf(plan, start, end)))).toEqual([[records, why]]);
  });

  test("is everything of a stream that the log has not, and of a log that is missing", async () => {
    const plan = await oldPlan();
    const other: LogAtHand = {
      ...logOf(plan, 0n, 9n),
      streams: async () => [{ id: "a/b/0", topic: TOPIC, partition: 0 }],
    };
    expect(told(await findLosses(plan, other))).toEqual([
      [9, "the log at hand has no such stream, and the store decided [0, 9)"],
    ]);
    expect(told(await findLosses(plan, null))).toEqual([[9, "the log is missing, and the store decided [0, 9)"]]);
  });

  test("cannot be told of a topic that is compacted, which is said", async () => {
    const plan = await oldPlan();
    const losses = await findLosses(plan, logOf(plan, 0n, 9n, [TOPIC]));
    expect(told(losses)).toEqual([[null, expect.stringContaining("its topic is compacted") as string]]);
  });

  test("is nothing of what was a gap already: no record of it is in the old store", async () => {
    const plan = await oldPlan();
    const gone = { ...plan, heldOutside: async () => 0 };
    expect(await findLosses(gone, logOf(plan, 3n, 9n))).toEqual([]);
  });
});

describe("migrations", () => {
  test("that do not lead on from a layout name it, and the one that this build writes", async () => {
    const { code, message } = await unavailable(() => nextMigration([{ from: 2, to: 3 } as Migration], 1));
    expect([code, message]).toEqual([
      "STORE_OLDER",
      "Cannot migrate the store: no migration leads on from layout 1; this build writes 3",
    ]);
  });
});

import { expect, test } from "vitest";
import { NO_REDACTION } from "../../src/failures/redact.ts";
import { openGroups } from "../../src/failures/groups.ts";
import { holdsRedriven } from "../../src/failures/redriven.ts";
import { openWhy } from "../../src/failures/why.ts";
import type { StoreReads } from "../../src/store/store.ts";
import { openEmbedded, shipment } from "../embedded.ts";

test("a group says what is wrong without a value of its records, and reads a broken constraint once", async () => {
  const embedded = await openEmbedded();
  await embedded.append(shipment("a", -1), shipment("b", 5_000), "{", shipment("", -1));
  await embedded.settle();
  const { reads } = embedded.store;
  let asked = 0;
  const counting: StoreReads = {
    ...reads,
    failurePage: async (...query) => {
      asked += 1;
      return reads.failurePage(...query);
    },
  };
  const whyOf = openWhy(counting, NO_REDACTION);
  const groups = await openGroups(reads, holdsRedriven).list(null, Date.now());
  const lines = async (): Promise<readonly (string | null)[]> =>
    (await Promise.all(groups.map(whyOf))).toSorted((a, b) => String(a).localeCompare(String(b)));
  const first = await lines();
  expect(first).toContain("/weight_kg: must be > 0");
  expect(first).toContain("/shipment_id: must not have fewer than 1 character");
  expect(first).toContain("weight_kg exceeds maximum allowed limit");
  const before = asked;
  expect(await lines()).toEqual(first);
  // Only what tells of the record itself, here bytes that are not JSON, is read again.
  expect(asked - before).toBe(1);
  expect(await whyOf({ fingerprint: "0".repeat(32), code: "schema", contract: null })).toBeNull();
});

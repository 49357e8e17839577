import { expect, test } from "vitest";
import { createTotalling } from "../../src/gateway/totals.ts";
import { openEmbedded, shipment } from "../embedded.ts";

test("totals count what became of records, and know the newest of each stream until it stops", async () => {
  const embedded = await openEmbedded();
  const totalling = createTotalling();
  await embedded.append(shipment("A"), shipment("B"), "{}", shipment("A"));
  const [state] = (await embedded.settle({ observe: totalling.observe })).streams();
  expect(totalling.totals()).toEqual({ decided: 4, passed: 2, failed: 1, duplicates: 1 });
  // The stream stopped with the gateway.
  expect(totalling.newestMs(state?.stream.id ?? "")).toBeNull();
});

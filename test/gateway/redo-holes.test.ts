import { expect, test } from "vitest";
import { redoTail } from "../../src/gateway/redo.ts";
import { sealEntry } from "../../src/ledger/entry.ts";
import { openEmbedded, shipment } from "../embedded.ts";

test("redoing an entry of holes alone says of it what applying it said", async () => {
  const embedded = await openEmbedded();
  await embedded.append(shipment("A"));
  await embedded.settle();
  const [stream] = await embedded.log.streams();
  const tail = await embedded.store.tail(stream!.id);
  const { hash: _, ...said } = tail!;
  const holes = { count: 0, outcomes: "-16", evidence: "", from: tail!.to, to: tail!.to + 16n };
  const entry = sealEntry({ ...said, ...holes, seq: tail!.seq + 1, prevHash: tail!.hash, applied: "S1", holders: "" });
  const redone = await redoTail(embedded.store, stream!, entry);
  expect(redone.kind === "applied" && redone.resolved).toEqual({ applied: "-16", holders: "" });
});

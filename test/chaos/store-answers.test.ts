import { expect, onTestFinished, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { Store } from "../../src/store/store.ts";
import { openMongoStore } from "../../src/store/mongodb/store.ts";
import { PATIENCE_MS, until } from "../patience.ts";
import {
  failedRow,
  insertFacts,
  insertFailed,
  LAW_COLLECTION,
  ledgerEntry,
  NOTE,
  receiptRow,
  STREAM,
  validatedRow,
} from "../store/rows.ts";
import { openFaultProxy, type Fault } from "./proxy.ts";
import { needMongo } from "./servers.ts";

/** More than the buffers of two sockets hold: the driver itself has to wait before all of it is sent. */
const LARGE = Array.from({ length: 2_000 }, (_, n) =>
  validatedRow(`large-${n}`, BigInt(1_000 + n), { raw: Buffer.alloc(8_192, 0x20) }),
);

const WRITES: readonly (readonly [name: string, run: (store: Store) => Promise<unknown>])[] = [
  ["putContractSet", async (store) => store.putContractSet("digest", "text")],
  ["insertLedger", async (store) => store.insertLedger(ledgerEntry(0), null)],
  [
    "insertLedger, large",
    async (store) => store.insertLedger(ledgerEntry(1, { outcomes: "P1F1".repeat(3_000_000) }), null),
  ],
  ["insertFacts", async (store) => insertFacts(store, LAW_COLLECTION, [validatedRow("one", 1n)])],
  ["insertFacts, large", async (store) => insertFacts(store, LAW_COLLECTION, LARGE)],
  ["insertFailed", async (store) => insertFailed(store, LAW_COLLECTION, [failedRow(2n)])],
  ["insertReceipts", async (store) => store.insertReceipts(NOTE, [receiptRow(3n)])],
];

const FAULTS: readonly Fault[] = [{ kind: "black-hole" }, { kind: "lost-replies" }, { kind: "half-open" }];

test("a write that MongoDB did not answer is Unavailable and never called stored", async () => {
  const mongo = await needMongo(0);
  const proxy = await openFaultProxy({ host: "127.0.0.1", port: mongo.ports[0] ?? 0 });
  onTestFinished(async () => proxy.close());
  const uri = `mongodb://127.0.0.1:${proxy.port}/answers?directConnection=true`;
  const patience = { selectionTimeoutMs: PATIENCE_MS, socketTimeoutMs: PATIENCE_MS };
  const store = await openMongoStore({ uri, ...patience, collections: [LAW_COLLECTION] });
  onTestFinished(async () => store.close());
  const ends: string[] = [];
  for (const fault of FAULTS) {
    for (const [name, write] of WRITES) {
      // Leaves a connection that is alive, so that it is the write that meets the fault.
      await store.tail(STREAM);
      const lost = proxy.lostBytes();
      proxy.set(fault);
      const writing = write(store).then(
        () => "stored",
        (error: unknown) => (error instanceof Unavailable ? "Unavailable" : String(error)),
      );
      // It is on its way: the proxy has something of it, or of its answer.
      await until(() => proxy.lostBytes() > lost || proxy.heldBytes() > 0);
      proxy.reset();
      proxy.set({ kind: "none" });
      ends.push(`${fault.kind}, ${name}: ${await writing}`);
    }
  }
  expect(ends).toEqual(FAULTS.flatMap(({ kind }) => WRITES.map(([name]) => `${kind}, ${name}: Unavailable`)));
});

import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openSqliteStoreInThread } from "../../../src/store/sqlite/store.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { PARCEL_COLLECTIONS } from "../../rejudge/what-if-laws.ts";
import { receiptLaws } from "./receipt-laws.ts";
import { redriveLaws } from "./redrive-laws.ts";

async function start(): Promise<{ readonly open: () => Promise<Store> }> {
  const path = join(temporaryDirectory(), "store.db");
  return {
    open: async () => {
      const options = { path, collections: PARCEL_COLLECTIONS, busyTimeoutMs: PATIENCE_MS };
      // In a thread, as two processes: a writer that waits for the file must not hold up the one that has it.
      const store = await openSqliteStoreInThread(options);
      onTestFinished(async () => store.close());
      return store;
    },
  };
}

redriveLaws("the SQLite store", start);
receiptLaws("the SQLite store", async () => ({
  ...(await start()),
  lose: async (store, note, from, to) => {
    const lost = Array.from({ length: Number(to - from) }, (_, index) => ({ id: "", offset: from + BigInt(index) }));
    await store.removeDocuments("", note, "receipt", lost);
  },
}));

import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openSqliteStoreInThread } from "../../../src/store/sqlite/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { PARCEL_COLLECTIONS } from "../../rejudge/what-if-laws.ts";
import { redriveLaws } from "./redrive-laws.ts";

redriveLaws("the SQLite store", async () => {
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
});

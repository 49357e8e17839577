import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { PARCEL_COLLECTIONS } from "../rejudge/what-if-laws.ts";
import { retainLaws } from "./retain-laws.ts";

retainLaws("the SQLite store", async () => {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: PARCEL_COLLECTIONS, busyTimeoutMs: PATIENCE_MS });
  onTestFinished(store.close);
  return store;
});

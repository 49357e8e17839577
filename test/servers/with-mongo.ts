import { afterAll, beforeAll } from "vitest";
import { startMongo, type MongoServer } from "./mongodb.ts";

/**
 * A server for the tests of a file: `nodes` 0 is a standalone, else a replica set of so many. MONGODB_URI names one that
 * is there already, for tests that ask for a replica set of one. In CI a server that cannot be started is a failure;
 * elsewhere its tests say that they are skipped.
 */
export function mongoForTests(nodes: number): { readonly available: boolean; readonly server: () => MongoServer } {
  let server: MongoServer | null = null;
  const available = canStart();
  beforeAll(async () => {
    if (available) server = await startMongo(nodes);
  }, 120_000);
  afterAll(async () => server?.stop());
  return {
    available,
    server: () => {
      if (server === null) throw new Error("the server is not there");
      return server;
    },
  };
}

/** The server of the test tooling is a Linux program for x86-64. */
function canStart(): boolean {
  if (process.platform === "linux" && process.arch === "x64") return true;
  if (process.env["CI"] !== undefined) throw new Error("Cannot test: there is no mongod for this machine");
  process.stderr.write("SKIPPED: the tests on a real MongoDB need Linux on x86-64\n");
  return false;
}

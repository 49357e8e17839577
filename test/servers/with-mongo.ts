import { afterAll, beforeAll } from "vitest";
import { startMongo, type MongoServer } from "./mongodb.ts";

/**
 * A server for the tests of a file: `nodes` 0 is a standalone, else a replica set of so many. Where none can be had the
 * whole file is left out (available.ts).
 */
export function mongoForTests(nodes: number): { readonly server: () => MongoServer } {
  let server: MongoServer | null = null;
  beforeAll(async () => {
    server = await startMongo(nodes);
  });
  afterAll(async () => server?.stop());
  return {
    server: () => {
      if (server === null) throw new Error("the server is not there");
      return server;
    },
  };
}

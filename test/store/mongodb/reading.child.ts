import { Unavailable } from "../../../src/core/unavailable.ts";
import { openMongoStore } from "../../../src/store/mongodb/store.ts";
import { idOf, LAW_COLLECTION, STREAM } from "../rows.ts";

// node reading.child.ts <uri>: reads in many loops at once until its input ends, whatever happens to the server, and then
// says how often it could and how often it could not.
const [uri = ""] = process.argv.slice(2);
const store = await openMongoStore({
  uri,
  collections: [LAW_COLLECTION],
  readOnly: true,
  selectionTimeoutMs: 30_000,
  socketTimeoutMs: 30_000,
});
const counts = { reads: 0, outages: 0 };
let stop = false;
process.stdin.on("data", () => undefined).on("end", () => (stop = true));

async function loop(read: () => Promise<unknown>): Promise<void> {
  while (!stop) {
    try {
      await read();
      counts.reads += 1;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      counts.outages += 1;
    }
  }
}

process.stdout.write("reading\n");
const kinds = [
  async () => store.tail(STREAM),
  async () => store.holders(LAW_COLLECTION, [idOf("r1"), idOf("r2")]),
  async () => store.reads.documentPlaces()[Symbol.asyncIterator]().next(),
  async () => store.reads.ledger(STREAM, 0, 100),
];
await Promise.all(kinds.flatMap((read) => [read, read, read, read]).map(loop));
await store.close();
process.stdout.write(`${JSON.stringify(counts)}\n`);

import type { Db, Document, Long } from "mongodb";
import type { Store } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { inPlace } from "./in-place-mongodb.ts";
import type { Migration, Operator } from "./migration.ts";
import type { MongoTarget } from "./mongodb-target.ts";
import { countUnpacked, packReceipts } from "./pack-receipts.ts";
import { producersIn } from "./producers.ts";

const [FROM, TO] = [2, 4];

/**
 * The migration from layout 2, in place: it adds the producer of each failure, wider indexes, and the counters of failures, and packs
 * receipts as that from layout 3 does, since the collections of the present layout are made beside. The validator of failures then
 * demands a field that a gateway of layout 2 does not write, so the server refuses its failures.
 */
export function fromLayout2(target: MongoTarget): Migration {
  return {
    from: FROM,
    to: TO,
    plan: async () => {
      let failures = 0;
      for (const name of await failedCollections(target.db)) failures += await target.count(name);
      return {
        steps: [
          `add the producer to ${failures} failures, from the evidence in the ledger`,
          "replace the indexes of the failures by wider ones",
          "count the failures by group and hour",
          `put ${await countUnpacked(target)} receipts into documents of 256 offsets`,
          "decide nothing again: every decision, fact and failure stays as it is",
        ],
        decided: [],
        heldOutside: async () => 0,
      };
    },
    up: async (tell, operator) => up(target, tell, operator),
  };
}

async function up(target: MongoTarget, tell: (step: string) => void, operator: Operator): Promise<void> {
  await target.refuseUnlessMayModify();
  tell("look at every receipt");
  await countUnpacked(target);
  await inPlace(target, { from: FROM, why: "failures are counted by group" }, tell, operator, async () => {
    tell("pack the receipts");
    await packReceipts(target, tell);
    tell("make the new collections");
    await target.makeShared();
    const store = target.openNew();
    for (const name of await failedCollections(target.db)) {
      tell(`add the producers to ${name}`);
      await nameProducers(target.db, store, name);
      tell(`widen ${name}`);
      await target.renew(name, (index) => tell(`the server is still building index ${index} of ${name}`));
    }
    tell("count the failures");
    for (const note of await store.reads.streamNotes()) {
      const tail = await store.tail(note.stream);
      if (tail !== null) await store.recountFailures(note, tail.from, tail.seq - 1);
    }
    return store;
  });
}

const PAGE = 1_000;

/** Adds the producer, as the last field, to the failures that lack the field: null where the record is erased or its evidence is gone. */
async function nameProducers(db: Db, store: Store, name: string): Promise<void> {
  const failures = db.collection(name);
  const notes = new Map((await store.reads.streamNotes()).map((note) => [note.number, note]));
  const producers = openProducers(store);
  const lacking = failures.find(
    { producer: { $exists: false } },
    { projection: { source: 1 }, sort: { _id: 1 }, promoteLongs: false, batchSize: PAGE },
  );
  let page: Document[] = [];
  const write = async (): Promise<void> => {
    if (page.length > 0) await failures.bulkWrite(page as never, { ordered: false, writeConcern: WRITE_CONCERN });
    page = [];
  };
  for await (const { _id, source } of lacking) {
    const { stream, offset } = source as { stream: number; offset: Long };
    const note = notes.get(stream);
    const producer = note === undefined ? null : await producers(note, offset.toBigInt());
    page.push({ updateOne: { filter: { _id }, update: { $set: { producer } } } });
    if (page.length >= PAGE) await write();
  }
  await write();
}

const WRITE_CONCERN = { w: "majority", j: true } as const;

/** How many entries' producers are kept: ids are in the order of text, in which offsets of one entry are near each other. */
const ENTRIES_KEPT = 32;

function openProducers(store: Store): (note: StreamNote, offset: bigint) => Promise<string | null> {
  const kept: { stream: string; from: bigint; to: bigint; producers: ReadonlyMap<bigint, string> }[] = [];
  return async ({ stream }, offset) => {
    let found = kept.find((one) => one.stream === stream && one.from <= offset && offset < one.to);
    if (found === undefined) {
      const entry = await store.reads.entryAt(stream, offset);
      if (entry === null) return null;
      const packed = await store.reads.evidenceAt(stream, entry.seq);
      found = { stream, from: entry.from, to: entry.to, producers: producersIn(packed, stream) };
      kept.push(found);
      if (kept.length > ENTRIES_KEPT) kept.shift();
    }
    return found.producers.get(offset) ?? null;
  };
}

async function failedCollections(db: Db): Promise<readonly string[]> {
  const found = await db.listCollections({ type: "collection" }, { nameOnly: true }).toArray();
  return found
    .map(({ name }) => name)
    .filter((name) => /^failed_[a-z][a-z0-9_]{0,62}$/.test(name))
    .toSorted();
}

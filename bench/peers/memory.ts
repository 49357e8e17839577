import { setTimeout as delay } from "node:timers/promises";
import type { MongoClient } from "mongodb";

const DOCUMENT = Buffer.alloc(65_536);
const DOCUMENTS = 64;
/** How much of its cache MongoDB fills before it gives pages back. */
const FILLED = 0.8;
const LOOK_EVERY_MS = 200;
const LONGEST_MS = 60_000;
/** What the server itself may want in its cache meanwhile. */
const SPARE = 16 * 1_048_576;

/**
 * Makes mongod take so many bytes from the system, as many as its cache may have at most, and keep them unused. What it takes during a
 * run costs that run: the system clears each page first. The documents go into a database that has no oplog, whose pages would stay.
 */
export async function takeMemory(client: MongoClient, bytesWanted: number): Promise<void> {
  const { most, now } = await cacheBytes(client);
  const bytes = Math.min(bytesWanted, most * FILLED - now);
  // A cache that is full has taken all that it takes.
  if (bytes <= 0) return;
  const db = client.db("local");
  const documents = Array.from({ length: DOCUMENTS }, () => ({ bytes: DOCUMENT }));
  for (let taken = 0; taken < bytes; taken += DOCUMENTS * DOCUMENT.length)
    await db.command({ insert: "taken", documents });
  await db.dropCollection("taken");
  // A collection goes with a checkpoint after it was dropped.
  const limit = AbortSignal.timeout(LONGEST_MS);
  while ((await cacheBytes(client)).now > now + bytes / 10 + SPARE) {
    if (limit.aborted) throw new Error("MongoDB keeps a collection that was dropped");
    await client.db("admin").command({ fsync: 1 });
    await delay(LOOK_EVERY_MS);
  }
}

async function cacheBytes(client: MongoClient): Promise<{ readonly most: number; readonly now: number }> {
  const { wiredTiger } = await client.db("admin").command({ serverStatus: 1 });
  const { cache } = wiredTiger as { readonly cache: Readonly<Record<string, number>> };
  return {
    most: Number(cache["maximum bytes configured"]),
    now: Number(cache["bytes currently in the cache"]),
  };
}

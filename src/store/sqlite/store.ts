import type { DatabaseSync } from "node:sqlite";
import { putUuid, UUID_BYTES } from "../../core/uuid.ts";
import { openDatabase, type Opened } from "../../sqlite/open.ts";
import type { PassedRow, Store, StoreReads, StoreWrites } from "../store.ts";
import { refusalOf } from "./document-reads.ts";
import { STORE_FILE } from "./layout.ts";
import { holdersFrom } from "./packed-holders.ts";
import { boundFacts, boundFailures, packFacts, packReceipts, piecesOf } from "./packed-rows.ts";
import { openReads } from "./reads.ts";
import { refuseOtherTables } from "./schema.ts";
import { stagedRowsOf, stageFacts, stageFailed } from "./staged.ts";
import { openStreams, type Streams } from "./streams.ts";
import { openWriterInThread } from "./writer-thread.ts";
import { openWriterHere, type SqliteStoreOptions, type Writer } from "./writer.ts";

/**
 * Opens the embedded store, one SQLite file. A unit is one transaction with one fsync. Units, and the writes outside units, run one
 * after another; each such write is a transaction of its own. Reads use a second connection, so they see committed data only.
 * @throws `Unavailable` with a code that begins with `STORE_`.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const writer = openWriterHere(options);
  try {
    return storeOn(writer, openReader(options), options.path);
  } catch (error) {
    void writer.close();
    throw error;
  }
}

/** Opens the embedded store with its writes in a thread of their own, for a gateway, which decides the next batch meanwhile. */
export async function openSqliteStoreInThread(options: SqliteStoreOptions): Promise<Store> {
  const writer = await openWriterInThread(options);
  try {
    return storeOn(writer, openReader(options), options.path);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

type Reader = Opened<{ readonly reads: StoreReads; readonly streams: Streams }>;

function storeOn(writer: Writer, { db: reader, made: { reads, streams } }: Reader, path: string): Store {
  const inTurn = queue();
  const ask: Writer["ask"] = async (...asked) => inTurn(async () => writer.ask(...asked));
  return {
    ...writesOf(ask, streams, path),
    unit: async (work) =>
      inTurn(async () => {
        let isOver = false;
        const within: Writer["ask"] = async (...asked) => {
          // A write after the end of the unit would be outside its transaction: a document could be stored without its entry.
          if (isOver) throw new Error("Cannot write in a unit that is over");
          return writer.ask(...asked);
        };
        await writer.ask("begin", []);
        try {
          const result = await work(writesOf(within, streams, path));
          isOver = true;
          await writer.ask("commit", []);
          return result;
        } catch (error) {
          isOver = true;
          await writer.ask("rollback", []);
          throw error;
        }
      }),
    tail: async (stream) => ask("tail", [stream]),
    streamNote: async (stream) => ask("streamNote", [stream]),
    evidenceOf: async (stream, seq) => ask("evidenceOf", [stream, seq]),
    putContractSet: async (digest, text) => ask("putContractSet", [digest, text]),
    contractSet: async (digest) => ask("contractSet", [digest]),
    refusalOf,
    appendAction: async (action) => ask("appendAction", [action]),
    noteLogEnds: async (notes) => ask("noteLogEnds", [notes]),
    putHalt: async (stream, note) => ask("putHalt", [stream, note]),
    putRedrivePages: async (pages) => ask("putRedrivePages", [pages]),
    putRedrive: async (plan, text) => ask("putRedrive", [plan, text]),
    noteRedriveSeen: async (plan, at) => ask("noteRedriveSeen", [plan, at]),
    putAdvice: async (note) => ask("putAdvice", [note]),
    putObjectiveCounts: async (counts) => ask("putObjectiveCounts", [counts]),
    dropObjectiveCounts: async (...given) => ask("dropObjectiveCounts", given),
    scrub: async () => ask("scrub", []),
    mendIndex: async (dryRun) => ask("mendIndex", [dryRun]),
    reads,
    close: async () =>
      inTurn(async () => {
        if (reader.isOpen) reader.close();
        await writer.close();
      }),
  };
}

const NONE: ReadonlySet<number> = new Set();

/** The writes of the store port, sent to the writer through `ask`. */
function writesOf(ask: Writer["ask"], streams: Streams, path: string): StoreWrites {
  const holders: StoreWrites["holders"] = async (collection, ids) => {
    const bytes = new Uint8Array(ids.length * UUID_BYTES);
    ids.forEach((id, index) => putUuid(bytes, index * UUID_BYTES, id));
    return holdersFrom(await ask("holders", [collection, bytes], [bytes.buffer]), ids, streams, path);
  };
  return {
    insertLedger: async (entry, packed) =>
      ask("insertLedger", [entry, packed === null ? null : Uint8Array.from(packed)]),
    ledgerEntry: async (stream, seq) => ask("ledgerEntry", [stream, seq]),
    dropEvidence: async (stream, seq) => ask("dropEvidence", [stream, seq]),
    stageFacts,
    stageFailed,
    insertFacts: async (collection, facts, except = NONE) => {
      const packed = packFacts(stagedRowsOf(facts), except);
      return new Set(await ask("insertFacts", [collection, packed], piecesOf(packed)));
    },
    holders,
    holdersOf: async (collection, facts, places) => {
      const { rows } = stagedRowsOf(facts);
      const placeOf = new Map((places ?? [...rows.keys()]).map((place) => [(rows[place] as PassedRow).id, place]));
      const found = await holders(collection, [...placeOf.keys()]);
      return new Map([...found].map(([id, holder]) => [placeOf.get(id) as number, holder]));
    },
    // A refusal costs one statement, and so does a look.
    looksFirstAbove: 0.5,
    insertFailed: async (collection, failed) => ask("insertFailed", [collection, boundFailures(stagedRowsOf(failed))]),
    insertReceipts: async ({ number }, receipts) => {
      const packed = packReceipts(receipts);
      const { offsets, of } = packed;
      return ask("insertReceipts", [number, packed], [offsets.buffer as ArrayBuffer, of.buffer as ArrayBuffer]);
    },
    removeDocuments: async (...given) => ask("removeDocuments", given),
    replaceEvidence: async (...given) => ask("replaceEvidence", given),
    forgetReplaced: async () => undefined,
    replaceFacts: async (collection, facts) => ask("replaceFacts", [collection, boundFacts(stagedRowsOf(facts))]),
    replaceFailed: async (collection, failed) =>
      ask("replaceFailed", [collection, boundFailures(stagedRowsOf(failed))]),
    noteTraffic: async (notes) => ask("noteTraffic", [notes]),
    countFailures: async (...given) => ask("countFailures", given),
    recountFailures: async (...given) => ask("recountFailures", given),
    countVolume: async (...given) => ask("countVolume", given),
    recountVolume: async (...given) => ask("recountVolume", given),
  };
}

function openReader({ path, busyTimeoutMs }: SqliteStoreOptions): Reader {
  const readsOnly = { path, busyTimeoutMs, readOnly: true };
  return openDatabase(STORE_FILE, readsOnly, refuseToCreate, (file: DatabaseSync) => {
    refuseOtherTables(file, path, false);
    return { reads: openReads(file, path), streams: openStreams(file) };
  });
}

function refuseToCreate(): never {
  throw new Error("Cannot create a store on its reading connection");
}

/** Runs tasks one at a time, in order of arrival: two units must never share the connection's transaction. */
function queue(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (run) => {
    const next = last.then(run, run);
    last = next.catch(() => undefined);
    return next;
  };
}

import { hash } from "node:crypto";
import { MongoClient, type Db } from "mongodb";
import { keptRecords } from "./kept-records.ts";
import { contentOf } from "./plan.ts";
import type { StoredDocument } from "./verdict.ts";

/** The gateway's database, read with the official driver and none of the gateway's code. */
export type StoredDocuments = {
  readonly read: () => Promise<readonly StoredDocument[]>;
  /** How far the ledger claims each partition: the end of its last entry. A partition without a ledger is absent. */
  readonly tails: () => Promise<ReadonlyMap<number, bigint>>;
  readonly close: () => Promise<void>;
};

const COLLECTIONS = [
  ["validated_shipments", "validated"],
  ["failed_shipments", "failed"],
  ["sigma_receipts", "receipt"],
] as const;

type Fields = { readonly _id: unknown; readonly [field: string]: unknown };

/** What the database says beside the documents. */
type Around = {
  /** Streams with their topics and partitions, by number. */
  readonly streams: ReadonlyMap<
    number,
    { readonly stream: string; readonly topic: string; readonly partition: number }
  >;
  /** SHA-256 of the value of each record in the evidence of the ledger, by stream and offset. */
  readonly kept: ReadonlyMap<string, string>;
};

/** @param uri with the database in its path. */
export function openStoredDocuments(uri: string): StoredDocuments {
  const client = new MongoClient(uri, { useBigInt64: true, promoteBuffers: true, readConcern: { level: "majority" } });
  const db = client.db();
  return {
    read: async () => {
      const documents: [StoredDocument["kind"], Fields][] = [];
      for (const [name, kind] of COLLECTIONS)
        for await (const fields of db.collection<Fields>(name).find())
          for (const each of kind === "receipt" ? receiptsOf(fields) : [fields]) documents.push([kind, each]);
      // Read after the documents: whatever they were made of is there by then.
      const around = await readAround(db);
      return documents.map(([kind, fields]) => storedDocument(kind, fields, around));
    },
    tails: async () => {
      const last = [{ $group: { _id: "$stream", to: { $max: "$to" } } }];
      const tails = await db.collection("sigma_ledger").aggregate<{ _id: string; to: bigint }>(last).toArray();
      return new Map(tails.map(({ _id, to }) => [Number(_id.slice(_id.lastIndexOf("/") + 1)), to]));
    },
    close: async () => client.close(),
  };
}

/** A document of receipts has those of 256 offsets; here each has one of its own. */
function receiptsOf({ _id, of }: Fields): readonly Fields[] {
  const block = String(_id);
  return Object.entries(of as Readonly<Record<string, unknown>>).map(([offset, id]) => {
    const start = BigInt(/@(\d+)#/.exec(block)?.[1] ?? -1);
    if (start % 256n !== 0n || BigInt(offset) - start >= 256n || BigInt(offset) < start)
      throw new Error(`the receipt of offset ${offset} is in the document ${block}`);
    return { _id: block.replace(/@\d+#/, `@${offset}#`), of: id };
  });
}

async function readAround(db: Db): Promise<Around> {
  const notes = await db.collection("sigma_streams").find().toArray();
  const streams = notes.map(
    ({ _id, stream, topic, partition }): [number, { stream: string; topic: string; partition: number }] => [
      Number(_id),
      { stream: String(stream), topic: String(topic), partition: Number(partition) },
    ],
  );
  const kept = new Map<string, string>();
  for await (const { stream, packed, pieces } of db.collection("sigma_ledger").find()) {
    if (pieces !== undefined) throw new Error("no evidence of these runs is in pieces");
    if (!(packed instanceof Uint8Array)) continue;
    for (const [offset, sha256] of keptRecords(packed)) kept.set(`${String(stream)}@${offset}`, sha256);
  }
  return { streams: new Map(streams), kept };
}

function storedDocument(kind: StoredDocument["kind"], fields: Fields, { streams, kept }: Around): StoredDocument {
  const { _id, source, raw, code, payload } = fields;
  const id = _id instanceof Uint8Array ? Buffer.from(_id).toString("hex") : String(_id);
  const named = /^(.+)\/(\d+)@(\d+)#(\d+)$/.exec(id);
  const said = (source ?? { stream: Number(named?.[4]), offset: BigInt(named?.[3] ?? -1) }) as Record<string, unknown>;
  const note = streams.get(Number(said["stream"]));
  const offset = said["offset"];
  if (note === undefined || typeof offset !== "bigint")
    throw new Error(`a ${kind} document names no stream that there is, or has an offset of another type`);
  const place = `${note.stream}@${offset}`;
  // A name that is the right one stands for stream and offset.
  const isRight = id === `${note.topic}/${note.partition}@${offset}#${Number(said["stream"])}`;
  return {
    kind,
    id: isRight ? place : id,
    stream: note.stream,
    partition: note.partition,
    offset,
    sha256: raw instanceof Uint8Array ? hash("sha256", raw) : (kept.get(place) ?? "no evidence"),
    code: typeof code === "string" ? code : null,
    ...statedBy(kind === "validated" ? payload : null),
  };
}

/** Identity and content of a stored payload. A payload with other fields than a shipment's has no content we know. */
function statedBy(payload: unknown): Pick<StoredDocument, "shipmentId" | "content"> {
  if (payload === null || typeof payload !== "object") return { shipmentId: null, content: null };
  const { shipment_id, weight_kg, destination, priority, ...others } = payload as Record<string, unknown>;
  if (typeof shipment_id !== "string") return { shipmentId: null, content: null };
  const known = Object.keys(others).length === 0;
  return {
    shipmentId: shipment_id,
    content: known ? contentOf({ shipment_id, weight_kg, destination, priority }) : null,
  };
}

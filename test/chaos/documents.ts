import { hash } from "node:crypto";
import { MongoClient } from "mongodb";
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

type Fields = { readonly _id: string; readonly [field: string]: unknown };

/** @param uri with the database in its path. */
export function openStoredDocuments(uri: string): StoredDocuments {
  const client = new MongoClient(uri, { useBigInt64: true, promoteBuffers: true, readConcern: { level: "majority" } });
  const db = client.db();
  return {
    read: async () => {
      const documents: StoredDocument[] = [];
      for (const [name, kind] of COLLECTIONS)
        for await (const fields of db.collection<Fields>(name).find()) documents.push(storedDocument(kind, fields));
      return documents;
    },
    tails: async () => {
      const last = [{ $group: { _id: "$stream", to: { $max: "$to" } } }];
      const tails = await db.collection("sigma_ledger").aggregate<{ _id: string; to: bigint }>(last).toArray();
      return new Map(tails.map(({ _id, to }) => [Number(_id.slice(_id.lastIndexOf("/") + 1)), to]));
    },
    close: async () => client.close(),
  };
}

function storedDocument(kind: StoredDocument["kind"], fields: Fields): StoredDocument {
  const { _id, stream, partition, offset, raw, code, payload } = fields;
  if (typeof _id !== "string" || typeof offset !== "bigint")
    throw new Error(`a ${kind} document has an _id or an offset of another type`);
  return {
    kind,
    id: _id,
    stream: String(stream),
    partition: Number(partition),
    offset,
    sha256: raw instanceof Uint8Array ? hash("sha256", raw) : "-",
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

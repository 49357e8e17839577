import type { Db, Document } from "mongodb";
import type { LedgerEntry } from "../../ledger/entry.ts";
import { idPages } from "./id-pages.ts";

/** What documents of a collection look like, besides `_id`. */
type Shape = {
  readonly name: string;
  /** The types of its fields, as the server calls them; that of `_id` where it does not follow from them. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  /** Fields that not every document has. */
  readonly others?: readonly string[];
  /** The id that follows from the fields; null where there is none. */
  readonly id: Document | null;
  /** What holds besides. */
  readonly holds?: Document;
};

/** A field as text; "" when it has none. */
function text(field: string): Document {
  return { $convert: { input: `$${field}`, to: "string", onError: "", onNull: "" } };
}

function joined(...parts: readonly (string | Document)[]): Document {
  return { $concat: parts.map((part) => (typeof part === "string" ? { $literal: part } : part)) };
}

/** The type of each field of an entry. Numbers of another type are no part of its hash. */
const ENTRY: Readonly<Record<keyof LedgerEntry, "string" | "long">> = {
  stream: "string",
  seq: "long",
  kind: "string",
  prevHash: "string",
  from: "long",
  to: "long",
  count: "long",
  outcomes: "string",
  evidence: "string",
  newestMs: "long",
  applied: "string",
  holders: "string",
  root: "string",
  contractSet: "string",
  engine: "string",
  note: "string",
  hash: "string",
};

/** Sums of numbers that no gateway writes apart. */
const SUM_OF_HOURS = {
  $sum: { $map: { input: { $objectToArray: { $ifNull: ["$hours", {}] } }, in: "$$this.v" } },
} as const;

const VOLUME_ID = joined(
  text("stream"),
  "/",
  { $cond: [{ $lt: ["$hour", 0] }, "-", text("hour")] },
  "/",
  text("kind"),
  "/",
  text("subject"),
  "@",
  { $cond: [{ $eq: ["$version", null] }, "-", text("version")] },
  {
    $cond: [
      { $eq: ["$others", true] },
      "+",
      { $cond: [{ $eq: ["$producer", null] }, "", joined("/", text("producer"))] },
    ],
  },
);

const NAMED = { prevHash: "string", detail: "string" } as const;
const COUNTED = { stream: "number", count: "number", seq: "number" } as const;
const GROUP_FIELDS = { ...COUNTED, fingerprint: "string", code: "string", contract: ["string", "null"] } as const;

/** Documents of facts, failures and receipts are compared byte for byte elsewhere; what gateways only note needs no shape. */
const SHAPES: readonly Shape[] = [
  {
    name: "sigma_ledger",
    fields: ENTRY,
    others: ["packed", "pieces", "former"],
    id: joined(text("stream"), "|", text("seq")),
  },
  {
    name: "sigma_streams",
    fields: { _id: "number", stream: "string", topic: "string", partition: "number" },
    id: null,
  },
  { name: "sigma_contract_sets", fields: { text: "string" }, id: null },
  {
    name: "sigma_operator_log",
    fields: {
      _id: "number",
      at: "string",
      actor: "string",
      action: "string",
      target: "string",
      reason: "string",
      hash: "string",
      ...NAMED,
    },
    id: null,
  },
  {
    name: "sigma_groups",
    fields: { ...GROUP_FIELDS, firstMs: "number", lastMs: "number" },
    id: joined(text("fingerprint"), "/", text("stream")),
  },
  {
    name: "sigma_group_days",
    fields: { ...COUNTED, fingerprint: "string", day: "number", hours: "object" },
    id: joined(text("fingerprint"), "/", text("day"), "/", text("stream")),
    holds: { $eq: ["$count", SUM_OF_HOURS] },
  },
  {
    name: "sigma_volume",
    fields: {
      ...COUNTED,
      hour: "number",
      kind: "string",
      subject: "string",
      version: ["number", "null"],
      producer: ["string", "null"],
      others: "bool",
      first: "number",
    },
    id: VOLUME_ID,
  },
  {
    name: "sigma_redrive_pages",
    fields: { plan: "string", stream: "string", from: "number", to: "number", count: "number", runs: "string" },
    id: joined(text("plan"), "/", text("stream"), "@", text("from")),
  },
  {
    name: "sigma_log_ends",
    fields: { topic: "string", partition: "number", end: "number" },
    id: null,
  },
];

/**
 * What documents have that the gateway would not write, and that no comparison of their values shows: a field more or fewer, a value of
 * another type, an id that does not follow from the fields. @returns a sentence for each collection; nothing where there is none.
 */
export async function foreignDocuments(db: Db): Promise<readonly string[]> {
  const found = await Promise.all(SHAPES.map(async (shape) => countForeign(db, shape)));
  return found.flatMap((count, at) =>
    count === 0
      ? []
      : [`${SHAPES[at]?.name} holds documents (${count}) with fields, types of them, or ids that no gateway writes`],
  );
}

async function countForeign(db: Db, { name, fields, others = [], id, holds }: Shape): Promise<number> {
  const ours = ["_id", ...Object.keys(fields), ...others];
  const names = { $map: { input: { $objectToArray: "$$ROOT" }, in: "$$this.k" } };
  const faults: Document[] = [
    { $expr: { $not: [{ $setIsSubset: [names, ours] }] } },
    ...Object.entries(fields).map(([field, type]) => ({ [field]: { $not: { $type: type } } })),
    ...(id === null ? [] : [{ $expr: { $ne: ["$_id", id] } }]),
    ...(holds === undefined ? [] : [{ $expr: { $not: [holds] } }]),
  ];
  const collection = db.collection(name);
  let count = 0;
  for await (const page of idPages(collection, name === "sigma_ledger" ? ENTRIES_A_REQUEST : DOCUMENTS_A_REQUEST)) {
    const stages = [{ $match: page }, { $project: { packed: 0 } }, { $match: { $or: faults } }, { $count: "count" }];
    const [found] = await collection.aggregate(stages, { hint: { _id: 1 } }).toArray();
    count += Number(found?.["count"] ?? 0);
  }
  return count;
}

/** The server reads an entry with its evidence, up to 8 MiB. */
const ENTRIES_A_REQUEST = 256;
const DOCUMENTS_A_REQUEST = 100_000;

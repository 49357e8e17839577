import { Long, type Db, type Document } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import { MONGODB_LAYOUT } from "../layout-version.ts";
import type { OperatorAction } from "../../ledger/operator-log.ts";
import { refuseWhileConnected } from "./connected.ts";
import { carryOver, describeCarried, type Carried } from "./carry.ts";
import type { MongoTarget } from "./mongodb-target.ts";
import {
  migratedMeanwhile,
  migrationTakenOver,
  type Bounds,
  type Decided,
  type Migration,
  type Operator,
} from "./migration.ts";

/**
 * The migration from layout 1. It renames every old collection and creates new ones, into which the log is decided again.
 *
 * The ledger is renamed first. Before the new one is created, a running gateway of layout 1 may create a collection of that name by
 * inserting an entry; that collection is renamed as well. Once the new ledger exists, the server refuses entries of such a gateway,
 * because they lack a field that the validator demands: the gateway pauses with STORE_REFUSED. A gateway of layout 1 that is started
 * later finds a different validator and ends with STORE_LAYOUT.
 */
export function fromLayout1(target: MongoTarget): Migration {
  const { whole } = target;
  return {
    from: 1,
    to: MONGODB_LAYOUT,
    plan: async () => {
      const names = await namesOf(target);
      const moving = await toMove(target, names);
      return {
        steps: [
          ...moving.map(
            (name) => `keep collection ${name} as ${names.aside}${name}, as it is: nothing of it is deleted`,
          ),
          ...(whole
            ? [
                `make new collections in layout ${MONGODB_LAYOUT}`,
                describeCarried(await readCarried(target.db, names)),
                "decide the log again into them, from its first record and by the contracts of now, when the gateway is started",
              ]
            : []),
        ],
        decided: whole ? await readDecided(target.db, names) : [],
        heldOutside: async (stream, bounds) => countOutside(target.db, names, stream, bounds),
      };
    },
    up: async (tell, operator) => up(target, tell, operator),
  };
}

async function up(target: MongoTarget, tell: (step: string) => void, operator: Operator): Promise<void> {
  const { db, whole } = target;
  await refuseWhileConnected(target);
  const names = await namesOf(target);
  if (whole) {
    tell("note that a migration begins");
    if (!(await target.noteMigration(1, names.aside))) throw migratedMeanwhile();
  }
  for (const name of await toMove(target, names)) {
    tell(`move ${name}`);
    await replace(target, name, names);
  }
  if (whole) {
    for (const name of CARRIED) await target.make(name);
    tell("carry over what no log can give again");
    const { aside } = names;
    await carryOver(
      await readCarried(db, await namesOf(target, aside)),
      target.openNew(),
      1,
      operator,
      `${aside}sigma_ledger`,
    );
    // What layout 1 had nothing of: until a gateway made it, an audit would find it missing.
    await target.makeShared();
    tell("note the new layout");
    if (!(await target.noteMigrated())) throw migrationTakenOver();
  }
  tell("done");
}

/** The names of the existing collections, and the prefix under which this migration keeps old ones. */
type Names = { readonly there: ReadonlySet<string>; readonly aside: string };

async function namesOf({ db, begun }: MongoTarget, given: string | null = begun): Promise<Names> {
  const found = await db.listCollections({ type: "collection" }, { nameOnly: true }).toArray();
  const there = new Set(found.map(({ name }) => name));
  if (given !== null) return { there, aside: given };
  // An earlier migration may have kept collections under the first prefixes.
  let aside = "layout1_";
  for (let number = 2; [...there].some((name) => name.startsWith(aside)); number += 1) aside = `layout1_${number}_`;
  return { there, aside };
}

/** The present name of an old collection: with the prefix once it was renamed. */
function placeOf(name: string, { there, aside }: Names): string {
  return there.has(aside + name) ? aside + name : name;
}

/** The collections that receive carried data. They are created even if the old store had none of them. */
const CARRIED = ["sigma_operator_log", "sigma_traffic", "sigma_log_ends"] as const;

/**
 * The collections of layout 1, in the order in which they are renamed. Those that an interrupted migration already renamed are
 * included, since their new ones may not exist yet.
 */
async function toMove({ db, whole }: MongoTarget, names: Names): Promise<readonly string[]> {
  const { there, aside } = names;
  const own = [...there].map((name) => (name.startsWith(aside) ? name.slice(aside.length) : name));
  const documents = [...new Set(own.filter((name) => /^(?:validated|failed)_/.test(name)))].toSorted();
  const made: string[] = [];
  for (const name of [...SHARED, ...documents].filter((one) => own.includes(one))) {
    // Other programs may have collections with such names, but not with our index on positions.
    const isShared = whole ? name.startsWith("sigma_") : name === "sigma_raw";
    if (isShared || (await hasPositions(db, placeOf(name, names)))) made.push(name);
  }
  return made;
}

const SHARED = [
  "sigma_ledger",
  "sigma_receipts",
  "sigma_raw",
  "sigma_contract_sets",
  "sigma_operator_log",
  "sigma_traffic",
  "sigma_halts",
  "sigma_log_ends",
] as const;

async function hasPositions(db: Db, name: string): Promise<boolean> {
  return (await db.collection(name).indexes()).some((index) => index.name === "position");
}

/** Renames an old collection and creates the new one under its name. */
async function replace({ db, make }: MongoTarget, name: string, { there, aside }: Names): Promise<void> {
  if (!there.has(aside + name)) await db.renameCollection(name, aside + name);
  for (let number = 2; number < TRIES_MAX; number += 1) {
    if (await make(name)) return;
    await db.renameCollection(name, `${aside}${name}_${number}`);
  }
  throw new Unavailable(
    "STORE_LOCKED",
    `Cannot migrate the store: a gateway of layout 1 makes collection ${name} again and again`,
    "end it, then run `sigma store migrate` again",
  );
}

const TRIES_MAX = 100;

// Reads of layout 1.

async function readDecided(db: Db, names: Names): Promise<readonly Decided[]> {
  const found = await db
    .collection(placeOf("sigma_ledger", names))
    .aggregate(
      [
        { $group: { _id: "$stream", from: { $min: "$from" }, to: { $max: "$to" }, records: { $sum: "$count" } } },
        { $sort: { _id: 1 } },
      ],
      { ...EXACT, allowDiskUse: true },
    )
    .toArray();
  return found.map(({ _id, from, to, records }) => ({
    stream: String(_id),
    from: offsetOf(from),
    to: offsetOf(to),
    records: Number(records),
  }));
}

async function countOutside(db: Db, names: Names, stream: string, bounds: Bounds | null): Promise<number> {
  const { there, aside } = names;
  const own = [...there].map((name) => (name.startsWith(aside) ? name.slice(aside.length) : name));
  const objects = new Set(own.filter((name) => /^(?:sigma_receipts$|validated_|failed_)/.test(name)));
  const outside =
    bounds === null
      ? {}
      : {
          $or: [{ offset: { $lt: Long.fromBigInt(bounds.start) } }, { offset: { $gte: Long.fromBigInt(bounds.end) } }],
        };
  let records = 0;
  for (const name of objects) {
    const filter = { stream: { $eq: stream }, ...outside };
    records += await db.collection(placeOf(name, names)).countDocuments(filter);
  }
  return records;
}

async function readCarried(db: Db, names: Names): Promise<Carried> {
  const all = async (name: string, sort: string): Promise<readonly Document[]> =>
    db
      .collection(placeOf(name, names))
      .find({}, EXACT)
      .sort({ [sort]: 1 })
      .toArray();
  return {
    actions: (await all("sigma_operator_log", "_id")).map((one) => ({
      seq: Number(one["_id"]),
      prevHash: String(one["prevHash"]),
      at: String(one["at"]),
      actor: String(one["actor"]),
      action: String(one["action"]) as OperatorAction["action"],
      target: String(one["target"]),
      reason: String(one["reason"]),
      detail: String(one["detail"]),
      hash: String(one["hash"]),
    })),
    traffic: (await all("sigma_traffic", "_id")).map((one) => ({
      subject: String(one["subject"]),
      version: Number(one["version"]),
      producer: String(one["producer"]),
      firstMs: Number(one["first"]),
      lastMs: Number(one["last"]),
    })),
    logEnds: (await all("sigma_log_ends", "_id")).map((one) => ({
      stream: String(one["_id"]),
      topic: String(one["topic"]),
      partition: Number(one["partition"]),
      end: offsetOf(one["end"]),
    })),
  };
}

/** Keeps 64-bit integers exact: an offset may exceed 2^53. Trap: never set useBigInt64 for the whole client (mongodb/bson-reader.ts). */
const EXACT = { promoteLongs: false } as const;

function offsetOf(value: unknown): bigint {
  return value instanceof Long ? value.toBigInt() : BigInt(Math.trunc(Number(value)));
}

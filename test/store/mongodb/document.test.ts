import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { BSON, type Db, type IndexSpecification } from "mongodb";
import { describe, expect, test } from "vitest";
import { originHeader } from "../../../src/core/origin.ts";
import { redriveStreamId } from "../../../src/ledger/redrive-stream.ts";
import { createBsonWriter, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { entryDocument } from "../../../src/store/mongodb/entry-document.ts";
import { createFactWriter, type WriteRow } from "../../../src/store/mongodb/fact-document.ts";
import { findLayoutFaults, layoutOf } from "../../../src/store/mongodb/layout.ts";
import { writeFailed } from "../../../src/store/mongodb/failure-document.ts";
import type { Receipt } from "../../../src/store/store.ts";
import { blocksOf, writeBlock } from "../../../src/store/mongodb/receipts.ts";
import { sealAction } from "../../../src/ledger/operator-log.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import {
  failedRow,
  idOf,
  insertFailed,
  LAW_COLLECTION,
  ledgerEntry,
  NOTE,
  noteOf,
  receiptRow,
  STREAM,
  validatedRow,
} from "../rows.ts";
import { testDatabase } from "./database.ts";

const TEXT = readFileSync(resolve(import.meta.dirname, "../../../docs/mongodb.md"), "utf8");
const BY_HAND = readFileSync(resolve(import.meta.dirname, "../../../docs/mongodb-by-hand.md"), "utf8");
const LAYOUT = layoutOf(["<collection>"]);

type Field = { readonly name: string; readonly demanded: boolean; readonly type: string };

/** The fields that an item of docs/mongodb.md lists. */
function listed(collection: string): readonly Field[] {
  const items = TEXT.split(/\n(?=- |\n)/);
  const found = items.find((one) => one.startsWith(`- \`${collection}\`: `) || one.startsWith(`- ${collection}: `));
  return [...(found ?? "").matchAll(/(\*\*|_)?`(\w+)`(?:\*\*|_)? (\w+(?:\|\w+)?)/g)].map(
    ([, mark, name = "", type = ""]) => ({ name, demanded: mark === "**", type }),
  );
}

describe("docs/mongodb.md", () => {
  test.each(LAYOUT)("lists $name with its indexes, and the fields and types its validator demands", (collection) => {
    const { name, indexes, fields } = collection;
    const row = TEXT.split("\n").find((line) => line.startsWith(`| \`${name}\` `)) ?? "";
    const cell = row.split("|").at(-2)?.trim();
    const described = indexes.map(({ name: index, key, unique }) => {
      const keys = Object.entries(key).map(([field, order]) => `${field}: ${String(order)}`);
      return `\`${index}\`: \`{ ${keys.join(", ")} }\`${unique === true ? ", unique" : ""}`;
    });
    expect(cell).toBe(described.join("; "));
    const demanded = listed(name).filter((field) => field.demanded);
    expect(Object.fromEntries(demanded.map((field) => [field.name, field.type]))).toEqual(
      Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, [type].flat().join("|")])),
    );
  });

  const written = <Row>(write: WriteRow<Row>, row: Row, note = NOTE): BSON.Document => {
    const writer = createBsonWriter(16);
    write(writer, note, row);
    return BSON.deserialize(writtenBytes(writer));
  };
  const blockOf = (receipts: readonly Receipt[]): BSON.Document => {
    const writer = createBsonWriter(16);
    blocksOf(NOTE, receipts).forEach((block) => writeBlock(writer, block));
    return BSON.deserialize(writtenBytes(writer));
  };
  const fact = written(createFactWriter(), validatedRow("id", 0n));
  // A record that a router moved, redriven: it has every field that there is.
  const moved = validatedRow("id", 0n, { headers: [originHeader({ ...NOTE, offset: 7n })] });
  const redriven = { ...NOTE, stream: redriveStreamId({ plan: "0123456789ab", source: 1 }) };
  const action = { at: "t", actor: "a", action: "resume", target: STREAM, reason: "r", detail: "d" } as const;
  const { seq: _, ...acted } = sealAction(null, action);
  test.each([
    ["validated_<collection>", fact],
    ["a record's source", written(createFactWriter(), moved, redriven)["source"] as object],
    ["failed_<collection>", written(writeFailed, failedRow(0n, { machineId: idOf("id") }))],
    ["sigma_receipts", blockOf([receiptRow(0n)])],
  ])("lists every field of a document of %s, in its order, and no other", (name, document) => {
    expect(listed(name).map((field) => field.name)).toEqual(Object.keys(document).filter((field) => field !== "_id"));
  });

  test.each([
    ["sigma_ledger", entryDocument(ledgerEntry(0), { packed: Buffer.from("x"), pieces: 1 })],
    ["sigma_operator_log", { _id: 0n, ...acted }],
  ])("lists every field of a document of %s, and no other", (name, document) => {
    const names = listed(name).map((field) => field.name);
    expect(names.toSorted()).toEqual(
      Object.keys(document)
        .filter((field) => field !== "_id")
        .toSorted(),
    );
  });
});

describe("the layout made by hand as docs/mongodb-by-hand.md says", () => {
  const mongo = mongoForTests(1);

  test("is the one the gateway wants, and the gateway writes into it", async () => {
    const { raw, open } = await testDatabase(mongo.server());
    const script = /```js\n([\s\S]*?)```/.exec(BY_HAND)?.[1] ?? "";
    await runInShell(raw, script.replace('"shipments"', JSON.stringify(LAW_COLLECTION)));
    expect(await findLayoutFaults(raw, layoutOf([LAW_COLLECTION]))).toEqual([]);
    const store = await open();
    await store.insertLedger(ledgerEntry(0), null);
    await noteOf(store);
    const stream = await raw.collection("sigma_streams").findOne({});
    expect(listed("sigma_streams").map((field) => field.name)).toEqual(Object.keys(stream ?? {}));
    await insertFailed(store, LAW_COLLECTION, [failedRow(1n)]);
    await store.putHalt(STREAM, {
      stream: STREAM,
      topic: "t",
      partition: 0,
      code: "LOG_TRUNCATED",
      message: "m",
      remedy: "r",
    });
    const halt = await raw.collection("sigma_halts").findOne({});
    await store.noteTraffic([{ subject: "s", version: 1, producer: "p", firstMs: 1, lastMs: 1 }]);
    const traffic = await raw.collection("sigma_traffic").findOne({});
    await store.noteLogEnds([{ stream: STREAM, topic: "t", partition: 0, end: 1n }]);
    const logEnd = await raw.collection("sigma_log_ends").findOne({});
    expect(["_id", ...listed("sigma_log_ends").map((field) => field.name)].toSorted()).toEqual(
      Object.keys(logEnd ?? {}).toSorted(),
    );
    expect(["_id", ...listed("sigma_traffic").map((field) => field.name)].toSorted()).toEqual(
      Object.keys(traffic ?? {}).toSorted(),
    );
    expect(["_id", ...listed("sigma_halts").map((field) => field.name)].toSorted()).toEqual(
      Object.keys(halt ?? {}).toSorted(),
    );
  });
});

/** What mongosh does with such a script: each call waits for the one before. */
async function runInShell(real: Db, script: string): Promise<void> {
  const calls: (() => Promise<unknown>)[] = [];
  const db = {
    createCollection: (name: string, options: object) => calls.push(async () => real.createCollection(name, options)),
    getCollection: (name: string) => ({
      createIndex: (keys: IndexSpecification, options: object) =>
        calls.push(async () => real.collection(name).createIndex(keys, options)),
    }),
  };
  runInNewContext(script, { db });
  for (const call of calls) await call();
}

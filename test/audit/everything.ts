import type { Header } from "../../src/core/record.ts";
import type { CompiledContractSet } from "../../src/core/compiled.ts";
import { ORIGIN_HEADER } from "../../src/core/origin.ts";
import { recordAction } from "../../src/gateway/operate.ts";
import { isRedrive } from "../../src/ledger/redrive-stream.ts";
import type { EmbeddedLog } from "../../src/source/embedded/log.ts";
import type { Store } from "../../src/store/store.ts";
import { made, planOf, run } from "../failures/redrive/redriving.ts";
import { parcelSet, parcelVersion } from "../rejudge/history.ts";
import { openLog, parcel, send, settle, TOPIC } from "../rejudge/what-if-laws.ts";

const V1 = parcelVersion(1, { status: "active", maximum: 10 });
const V2 = parcelVersion(2, { status: "active", maximum: 100 });
const SET: CompiledContractSet = parcelSet(TOPIC, 1, [V1, V2]);

const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00.000Z", reason: "because" };
const HOUR_MS = 3_600_000;

/** Stores something of every kind: rows for every table, values for every column. */
export async function storeEverything(store: Store): Promise<EmbeddedLog> {
  const at = { ms: 1_700_000_000_000 };
  const log = openLog(at);
  // A gateway begins its streams in any order.
  for (const { id, topic, partition } of await log.streams()) await store.streamNote({ stream: id, topic, partition });
  await send(log, [
    parcel("a", 1),
    from("depot", parcel("b", 2)),
    from("depot", parcel("heavy", 50)),
    { text: "{" },
    parcel("a", 1),
    parcel("b", 3),
    moved(parcel("moved", 4)),
    moved({ text: '{"id":"moved"}' }),
  ]);
  await send(log, [parcel("letter", 1), parcel("letter", 1), parcel("thick", 20)], "letters");
  await settle(log, store, SET);
  at.ms += 26 * HOUR_MS;
  await send(log, [
    parcel("a", 1),
    from("harbour", parcel("c", 5)),
    from("depot", parcel("large", 60)),
    { text: "[]" },
  ]);
  await send(log, [parcel("card", 2)], "letters");
  await settle(log, store, SET);
  for (const action of ["activate", "deprecate"] as const)
    await recordAction(store, { ...OPERATOR, action, target: "parcel@1", detail: "" });
  await run(store, SET, made(await planOf(store, SET, { topic: TOPIC }, 2)));
  await noteEverything(store);
  return log;
}

type Sent = ReturnType<typeof parcel>;

function from(producer: string, sent: Sent): Sent {
  return withHeader(sent, ["client-id", Buffer.from(producer)]);
}

function moved(sent: Sent): Sent {
  return withHeader(sent, [ORIGIN_HEADER, Buffer.from("orders/3@1042 CLUSTER/TOPIC/3")]);
}

function withHeader(sent: Sent, header: Header): Sent {
  return { ...sent, headers: [...(sent.headers ?? []), header] };
}

/** What is in no ledger. */
async function noteEverything(store: Store): Promise<void> {
  const first = (await store.reads.streamNotes()).find((note) => note.topic === TOPIC && !isRedrive(note.stream));
  if (first === undefined) throw new Error("nothing was stored");
  const { stream, topic, partition } = first;
  const why = { code: "LOG_START_PASSED", message: "too many failures", remedy: "look" } as const;
  await store.putHalt(stream, { stream, topic, partition, ...why });
  await store.noteLogEnds([{ stream, topic, partition, end: 9n }]);
  await store.noteTraffic([{ subject: "parcel", version: 1, producer: "depot", firstMs: 1, lastMs: 2 }]);
  await store.putAdvice({ fingerprint: "f", atMs: 3, text: "{}" });
  const counted = { indicator: "i", stepS: 60, startS: 60, writer: "w", good: 4, bad: 5 } as const;
  await store.putObjectiveCounts([counted]);
}

import { ORIGIN_HEADER } from "../../core/origin.ts";
import type { CompiledContractSet } from "../../core/compiled.ts";
import type { Header } from "../../core/record.ts";
import { hashBytes, wasErased } from "../../gateway/decided.ts";
import type { Lookup } from "../../gateway/lookup.ts";
import { recordAction, type Operator } from "../../gateway/operate.ts";
import { redriveOf } from "../../ledger/redrive-stream.ts";
import type { Log } from "../../source/source.ts";
import type { FailureRecord } from "../../store/failures.ts";
import type { Store, StoreReads } from "../../store/store.ts";
import { announcedDetail, openCorrections, placedDetail, type Correction } from "./corrections.ts";
import { failureId } from "../failure-id.ts";
import { redeclared } from "../redrive/redeclare.ts";

/** The name under which corrected records are sent. */
export const CORRECTING_PRODUCER = "sigma-correct";

/** Headers of a corrected record: the failure, the digest of what failed, and the correction in the operator log. */
export const CORRECTION_HEADERS = {
  failure: "sigma-corrects",
  digest: "sigma-corrects-digest",
  correction: "sigma-correction",
} as const;

export type CorrectDeps = {
  readonly store: Pick<Store, "appendAction" | "reads">;
  readonly log: Pick<Log, "append" | "topics" | "streamsOf">;
  readonly lookup: Lookup;
  readonly contracts: Pick<CompiledContractSet, "byTopic" | "limits">;
  /** A new id: 12 hexadecimal digits. */
  readonly newId: () => string;
};

export type CorrectRequest = {
  readonly bytes: Uint8Array;
  /** The version that the new record declares, such as `shipment@2`; null: what the failed one declared. */
  readonly ref: string | null;
  readonly operator: Operator;
};

/** A correction whose record is durable. */
export type Corrected = Correction & { readonly place: NonNullable<Correction["place"]> };

/** Why nothing was appended. */
export type CorrectRefusal = {
  readonly code:
    | "evidence-gone"
    | "unchanged"
    | "empty"
    | "too-large"
    | "already-corrected"
    | "unknown-version"
    | "no-source"
    | "stream-halted";
  readonly message: string;
  readonly remedy: string;
};

/**
 * Appends corrected bytes of a failure to its topic, as a new record that is decided like any other. The failure stays as it is. The
 * operator log says it before (`correct`, with both digests) and after (`corrected`, with the place): after a crash between the two,
 * the same bytes may be appended once more, and are then a duplicate of themselves.
 */
export async function correctFailure(
  deps: CorrectDeps,
  given: FailureRecord,
  { bytes, ref, operator }: CorrectRequest,
): Promise<Corrected | CorrectRefusal> {
  const { store, log, lookup } = deps;
  const failed = await failedFirst(store.reads, given);
  const failure = failureId(failed);
  const { stream, offset } = failed;
  const [row] = await lookup.rows(stream.stream, offset, offset + 1n);
  if (row === undefined || wasErased(row))
    return refuse("evidence-gone", failure, "the record that failed is not kept", "send the record as a new one");
  const [failedDigest, correctedDigest] = [hashBytes(row.raw), hashBytes(bytes)];
  if (bytes.length === 0) return refuse("empty", failure, "there are no corrected bytes", "give the whole record");
  const { bytesMax } = deps.contracts.limits;
  if (bytes.length > bytesMax)
    return refuse("too-large", failure, `a record has at most ${bytesMax} bytes`, "send a smaller one");
  if (failedDigest === correctedDigest)
    return refuse("unchanged", failure, "these are the bytes that failed", "redrive it: sigma redrive plan");
  const closed = await closedReason(deps, failed);
  if (closed !== null) return closed;
  const versions = versionsTaken(deps, stream.topic);
  if (ref !== null && !versions.includes(ref))
    return refuse(
      "unknown-version",
      failure,
      `${stream.topic} takes no such version`,
      `declare ${versions.join(" or ")}, or none: then the record declares what the failed one did`,
    );
  const before = (await openCorrections(store.reads)())
    .of(failure)
    .find((one) => one.correctedDigest === correctedDigest);
  if (before !== undefined && before.place !== null)
    return refuse(
      "already-corrected",
      failure,
      `${before.actor} appended these bytes at offset ${before.place.offset}`,
      "look at the failure: what became of them is shown there",
    );
  const id = before?.id ?? deps.newId();
  if (before === undefined) {
    const detail = announcedDetail({ id, failedDigest, correctedDigest });
    await recordAction(store, { ...operator, action: "correct", target: failure, detail });
  }
  const headers = headersOf(row.headers, ref, { failure, failedDigest, id });
  const record = { key: row.key, headers, value: bytes, partition: stream.partition };
  const [appended] = await log.append(stream.topic, [record]);
  if (appended === undefined) throw new Error(`Cannot correct ${failure}: the log gave no position`);
  const place = { stream: appended.stream, offset: appended.offset };
  await recordAction(store, { ...operator, action: "corrected", target: failure, detail: placedDetail(id, place) });
  return { id, failure, failedDigest, correctedDigest, ...operator, place };
}

/** The failure in the log, where a redrive's is given. */
async function failedFirst(
  reads: Pick<StoreReads, "streamNotes">,
  failed: FailureRecord,
): Promise<Pick<FailureRecord, "stream" | "offset">> {
  const source = redriveOf(failed.stream.stream)?.source;
  const note = source === undefined ? undefined : (await reads.streamNotes()).find(({ number }) => number === source);
  return note === undefined ? failed : { stream: note, offset: failed.offset };
}

/** The versions that may judge a record of a topic now, as a header declares them. */
function versionsTaken({ contracts }: CorrectDeps, topic: string): readonly string[] {
  const byHeader = [...(contracts.byTopic.get(topic)?.byHeader ?? [])];
  return byHeader.filter(([, resolved]) => resolved.ok).map(([ref]) => ref);
}

/** Why the topic takes no record in the partition of the failure; null when it does. */
async function closedReason(
  { store, log }: CorrectDeps,
  failed: Pick<FailureRecord, "stream" | "offset">,
): Promise<CorrectRefusal | null> {
  const { topic, partition } = failed.stream;
  const streams = log.topics().includes(topic) ? await log.streamsOf(topic) : [];
  const stream = streams.find((one) => one.partition === partition);
  if (stream === undefined)
    return refuse("no-source", failureId(failed), `${topic}/${partition} is no source now`, "make it one again");
  const halt = (await store.reads.halts()).find((one) => one.stream === stream.id);
  if (halt === undefined) return null;
  return refuse("stream-halted", failureId(failed), `${topic}/${partition} is halted (${halt.code})`, halt.remedy);
}

/** The headers of the record that failed, and those of the correction in the place of earlier ones. */
function headersOf(
  failed: readonly Header[],
  ref: string | null,
  { failure, failedDigest, id }: { readonly failure: string; readonly failedDigest: string; readonly id: string },
): readonly Header[] {
  const own: readonly (readonly [string, string])[] = [
    ["sigma-producer", CORRECTING_PRODUCER],
    [CORRECTION_HEADERS.failure, failure],
    [CORRECTION_HEADERS.digest, failedDigest],
    [CORRECTION_HEADERS.correction, id],
  ];
  // What a person corrected did not arrive where the failure did.
  const names = new Set([...own.map(([name]) => name), ORIGIN_HEADER]);
  const kept = failed.filter(([name]) => !names.has(name.toLowerCase()));
  const declared = ref === null ? kept : redeclared(kept, ref);
  return [...declared, ...own.map(([name, value]): Header => [name, Buffer.from(value)])];
}

function refuse(code: CorrectRefusal["code"], failure: string, why: string, remedy: string): CorrectRefusal {
  return { code, message: `Cannot correct ${failure}: ${why}`, remedy };
}

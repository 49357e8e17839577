import { isRedrive, redrivesOf } from "../../../ledger/redrive-stream.ts";
import { text as readText } from "node:stream/consumers";
import { openContractSet, type ContractVersion } from "../../../core/contract-set.ts";
import { compilePointers } from "../../../core/identity.ts";
import type { Parsed } from "../../../core/long-integers.ts";
import { parsePayload } from "../../../core/payload.ts";
import type { Place, Selection, Where } from "../../../erase/selection.ts";
import type { OffsetRange } from "../../../source/source.ts";
import type { StoreReads } from "../../../store/store.ts";
import { parseBound } from "../../../rejudge/what-if/range.ts";
import { usage } from "../../terminal/refusal.ts";

/** The options that select records. */
export type RequestOptions = {
  readonly subject?: string;
  readonly identity?: string;
  readonly position: readonly string[];
  readonly stream?: string;
  readonly topic?: string;
  readonly code?: string;
  readonly from?: string;
  readonly to?: string;
  readonly where: readonly string[];
};

/** One position, or a range of positions of one partition. */
type Asked = { readonly topic: string; readonly partition: number; readonly range: OffsetRange };

/** The selection of records as the command line states it. */
export type Request =
  | Extract<Selection, { readonly kind: "identity" | "filter" }>
  | { readonly kind: "positions"; readonly asked: readonly Asked[]; readonly stream: string | null };

/** Limits of the JSON text of --identity, which has only a few fields. */
const IDENTITY_LIMITS = { bytesMax: 1_048_576, depthMax: 64 } as const;

/**
 * Reads the selection from the options.
 * @throws Refusal when the options select in no way or in more than one way, or a value is malformed.
 */
export async function requestOf(options: RequestOptions, nowMs: number): Promise<Request> {
  const { subject, identity, position, topic, code, from, to, where } = options;
  const filters = [topic, code, from, to].some((one) => one !== undefined) || where.length > 0;
  const ways = [subject !== undefined || identity !== undefined, position.length > 0, filters].filter(Boolean);
  if (ways.length !== 1) {
    const state = ways.length === 0 ? "nothing says which records" : "records are named in more than one way";
    const remedy = "use --subject with --identity, or --position, or some of --topic, --code, --from, --to and --where";
    throw usage("SIG-E-001", `Cannot erase: ${state}`, remedy);
  }
  if (position.length > 0)
    return { kind: "positions", asked: position.map(positionOf), stream: options.stream ?? null };
  if (filters) {
    const time = (option: string, text: string | undefined): number | null => timeOf(option, text, nowMs);
    const times = { fromMs: time("--from", from), toMs: time("--to", to) };
    return { kind: "filter", topic: topic ?? null, code: code ?? null, ...times, where: where.map(whereOf) };
  }
  if (subject === undefined || identity === undefined)
    throw usage("SIG-E-001", "Cannot erase: an identity is one of a contract", "give both --subject and --identity");
  return { kind: "identity", subject, identity: await identityOf(identity) };
}

/**
 * Resolves a request against a store.
 * @throws Refusal when the store knows no such contract, identity or stream.
 */
export async function selectionOf(request: Request, reads: StoreReads): Promise<Selection> {
  switch (request.kind) {
    case "filter":
      return request;
    case "identity":
      await requireIdentity(reads, request.subject, request.identity);
      return request;
    case "positions":
      return { kind: "positions", places: await placesOf(reads, request) };
  }
}

/** Reads the identity. Errors never show the given text, since it is personal data to be erased. */
async function identityOf(given: string): Promise<Parsed> {
  const remedy = `write an object with the fields of the identity, as in '{"shipment_id":"s-1"}'`;
  if (given === "-" && process.stdin.isTTY)
    throw usage("SIG-I-008", "Cannot read the identity: standard input is a terminal", "pipe it in");
  const text = given === "-" ? await readText(process.stdin) : given;
  const parsed = parsePayload(Buffer.from(text), IDENTITY_LIMITS);
  if (!parsed.ok) throw usage("SIG-E-004", `Cannot read --identity: ${parsed.reason.message}`, remedy);
  return parsed;
}

function positionOf(text: string): Asked {
  const match = /^([A-Za-z0-9._-]{1,249})\/(\d{1,9})@(\d{1,18})(?:-(\d{1,18}))?$/.exec(text);
  const [, topic = "", partition = "", first = "", last = first] = match ?? [];
  if (match === null || BigInt(last) < BigInt(first)) {
    const remedy = "write topic/partition@offset, or topic/partition@first-last";
    throw usage("SIG-E-004", `Cannot read --position "${text.slice(0, 300)}": it is no position`, remedy);
  }
  return { topic, partition: Number(partition), range: { from: BigInt(first), to: BigInt(last) + 1n } };
}

function timeOf(option: string, text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  const bound = parseBound(text, nowMs);
  if (bound?.kind === "time") return bound.timestampMs;
  const remedy = "write 2026-03-01, 2026-03-01T12:00:00Z, 24h or 7d";
  throw usage("SIG-E-004", `Cannot read ${option} "${text.slice(0, 300)}": it is no time`, remedy);
}

/** Reads --where. Errors never show the value. */
function whereOf(text: string, index: number): Where {
  const at = text.indexOf("=");
  const pointer = text.slice(0, Math.max(0, at));
  if (at === -1 || !/^(?:\/(?:[^~/]|~[01])*)*$/.test(pointer)) {
    const remedy = "write a JSON pointer, = and a value, as in /customer/email=a@b.c";
    throw usage("SIG-E-004", `Cannot read --where number ${index + 1}: it names no member`, remedy);
  }
  return { pointer, text: text.slice(at + 1) };
}

async function requireIdentity(reads: StoreReads, subject: string, { payload }: Parsed): Promise<void> {
  const subjects = new Map<string, ContractVersion[]>();
  for (const { digest, text } of await reads.contractSets()) {
    for (const contract of openContractSet(digest, text)?.set.contracts ?? [])
      subjects.set(contract.subject, [...(subjects.get(contract.subject) ?? []), ...contract.versions]);
  }
  const versions = subjects.get(subject);
  if (versions === undefined) {
    const known = [...subjects.keys()].slice(0, 20).join(", ");
    const remedy = known === "" ? "nothing was decided yet" : `use one of ${known}`;
    throw usage("SIG-E-004", `Cannot erase by an identity of "${subject.slice(0, 100)}": no such contract`, remedy);
  }
  const identities = [...new Set(versions.map(({ identity }) => identity.join(" ")))];
  const isOne = versions.some(({ identity }) => !("missing" in compilePointers(identity)(payload)));
  if (!isOne)
    throw usage(
      "SIG-E-004",
      `Cannot read --identity: it lacks fields of ${subject}`,
      `give ${identities.join(", or ")}`,
    );
}

async function placesOf(
  reads: StoreReads,
  { asked, stream }: Extract<Request, { readonly kind: "positions" }>,
): Promise<readonly Place[]> {
  const notes = await reads.streamNotes();
  return asked.flatMap(({ topic, partition, range }) => {
    const fitting = notes.filter(
      (note) => note.topic === topic && note.partition === partition && !isRedrive(note.stream),
    );
    const found = stream === null ? fitting : fitting.filter((note) => note.stream === stream);
    const [only, ...others] = found;
    if (only === undefined) {
      const known = notes.slice(0, 20).map((note) => `${note.topic}/${note.partition}`);
      const remedy = known.length === 0 ? "nothing was decided yet" : `use one of ${[...new Set(known)].join(", ")}`;
      throw usage("SIG-I-011", `There is no such stream of ${topic}/${partition}`, remedy);
    }
    if (others.length > 0) {
      const remedy = `name one with --stream: ${found.map((note) => note.stream).join(", ")}`;
      throw usage("SIG-I-011", `${topic}/${partition} has ${found.length} streams, each with such offsets`, remedy);
    }
    // Redriven copies of the record have the same offset in the streams of their plans.
    return [only, ...redrivesOf(notes, only.number)].map((note) => ({ stream: note.stream, ranges: [range] }));
  });
}

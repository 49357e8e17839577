import type { Operator } from "../../gateway/operate.ts";
import type { OperatorAction } from "../../ledger/operator-log.ts";
import { followActions } from "../../operator/actions.ts";
import type { StoreReads } from "../../store/store.ts";

/** A new record that a person appended in the place of one that failed. It is kept in the operator log, and nowhere else. */
export type Correction = Operator & {
  /** 12 hexadecimal digits; the new record names it in a header. */
  readonly id: string;
  /** Id of the failure, with the number of its stream. */
  readonly failure: string;
  /** SHA-256 of the value that failed, and of the new one, hex. */
  readonly failedDigest: string;
  readonly correctedDigest: string;
  /** Where the new record lies; null when the append was never confirmed. */
  readonly place: { readonly stream: string; readonly offset: bigint } | null;
};

/** The corrections in an operator log. */
export type Corrections = {
  /** Those of one failure, in order. */
  readonly of: (failure: string) => readonly Correction[];
  /** The one that a record is; null for any other record. */
  readonly at: (stream: string, offset: bigint) => Correction | null;
  /** All of them, in order. */
  readonly all: () => readonly Correction[];
  /** Seqs of actions that announce no correction, or one again, or place one that was not announced or has a place. */
  readonly stray: () => readonly number[];
};

const ANNOUNCED = /^correction ([0-9a-f]{12}) failed ([0-9a-f]{64}) corrected ([0-9a-f]{64})$/;
const PLACED = /^correction ([0-9a-f]{12}) at (.{1,400})@(\d{1,19})$/u;

/** The detail of a `correct` action, which is written before the record is appended. */
export function announcedDetail(of: Pick<Correction, "id" | "failedDigest" | "correctedDigest">): string {
  return `correction ${of.id} failed ${of.failedDigest} corrected ${of.correctedDigest}`;
}

/** The detail of a `corrected` action, which is written when the record is durable. */
export function placedDetail(id: string, { stream, offset }: NonNullable<Correction["place"]>): string {
  return `correction ${id} at ${stream}@${offset}`;
}

/** Reads the corrections of an operator log, which only grows, so each call reads what is new. */
export function openCorrections(reads: Pick<StoreReads, "operatorLog">): () => Promise<Corrections> {
  const byId = new Map<string, Correction>();
  const byFailure = new Map<string, string[]>();
  const byPlace = new Map<string, string>();
  const stray: number[] = [];
  const corrections: Corrections = {
    all: () => [...byId.values()],
    stray: () => stray,
    of: (failure) => (byFailure.get(failure) ?? []).flatMap((id) => byId.get(id) ?? []),
    at: (stream, offset) => byId.get(byPlace.get(`${stream}@${offset}`) ?? "") ?? null,
  };
  const see = (action: OperatorAction): void => {
    const { actor, at, reason, target: failure, detail } = action;
    if (action.action !== "correct" && action.action !== "corrected") return;
    const [, id, failedDigest, correctedDigest] = action.action === "correct" ? (ANNOUNCED.exec(detail) ?? []) : [];
    if (id !== undefined && failedDigest !== undefined && correctedDigest !== undefined && !byId.has(id)) {
      byFailure.set(failure, [...(byFailure.get(failure) ?? []), id]);
      return void byId.set(id, { id, failure, failedDigest, correctedDigest, actor, at, reason, place: null });
    }
    const [, placed, stream, offset] = action.action === "corrected" ? (PLACED.exec(detail) ?? []) : [];
    const known = byId.get(placed ?? "");
    if (known === undefined || known.place !== null || stream === undefined || offset === undefined)
      return void stray.push(action.seq);
    byId.set(known.id, { ...known, place: { stream, offset: BigInt(offset) } });
    byPlace.set(`${stream}@${offset}`, known.id);
  };
  const catchUp = followActions(reads, see);
  return async () => {
    await catchUp();
    return corrections;
  };
}

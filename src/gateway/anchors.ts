import { Unavailable } from "../core/unavailable.ts";
import type { AnchorWriter } from "../anchor/writer.ts";
import type { AnchoredHead, OperatorHead } from "../ledger/anchor.ts";
import { operatorActions } from "../operator/actions.ts";
import type { StoreReads } from "../store/store.ts";
import type { GatewayEvent, AnchorEvent } from "./event.ts";

export type AnchorDeps = {
  readonly reads: Pick<StoreReads, "operatorLog">;
  readonly writers: readonly AnchorWriter[];
  /** An anchor is due after this many new entries, or `everyMs` milliseconds after the last one if there is any new head. */
  readonly entries: number;
  readonly everyMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly report: (event: AnchorEvent) => void;
};

export type Anchors = {
  /** Takes every event of the gateway; the heads come from it. */
  readonly observe: (event: GatewayEvent) => void;
  /** Writes a last anchor for new heads, and closes the writers. */
  readonly close: () => Promise<void>;
};

/** How long a stopping gateway waits for its last anchor, in milliseconds. What it does not wait for, the next start anchors. */
const CLOSE_WAIT_MS = 5_000;

/**
 * Starts to anchor ledger heads outside the store. A head is the last entry of a stream as this gateway wrote or acquired
 * it; the store is not asked again, because it may have been tampered with since. No record waits for an anchor. A failed
 * anchor is reported and tried again when the next one is due.
 */
export function startAnchors({ reads, writers, entries, everyMs, now, report }: AnchorDeps): Anchors {
  const heads = newHeads(report);
  let operator: OperatorHead | null = null;
  let unwritten = new Set<AnchorWriter>();
  let count = 0;
  let running: Promise<void> | null = null;

  const hasNewAction = async (): Promise<boolean> => {
    const before: OperatorHead | null = operator;
    let last: OperatorHead | null = before;
    for await (const { seq, hash } of operatorActions(reads, (before?.seq ?? -1) + 1)) last = { seq, hash };
    operator = last;
    return last !== before;
  };
  const write = async (): Promise<void> => {
    try {
      if (await hasNewAction()) unwritten = new Set(writers);
    } catch (error) {
      // An outage of the store is not reported here: the streams report it, and their heads are anchored from memory all the same.
      if (!(error instanceof Unavailable)) report({ kind: "anchor-trouble", place: "", ...unexpected(error) });
    }
    const due = [...unwritten];
    unwritten = new Set();
    count = 0;
    const streams = heads.all();
    const at = new Date(now()).toISOString();
    const writeTo = async (writer: AnchorWriter): Promise<void> => {
      try {
        const remark = await writer.write({ streams, operator }, at);
        report({ kind: "anchored", place: writer.name, remark });
      } catch (error) {
        unwritten.add(writer);
        const { code, message, remedy } = error instanceof Unavailable ? error : unexpected(error);
        report({ kind: "anchor-trouble", place: writer.name, code, message, remedy });
      }
    };
    await Promise.all(due.map(writeTo));
  };
  const next = (): Promise<void> => (running ??= write().finally(() => (running = null)));
  const timer = setInterval(() => void next(), everyMs).unref();

  const take = (head: AnchoredHead): void => {
    if (!heads.take(head)) return;
    unwritten = new Set(writers);
    count += 1;
    if (count >= entries) void next();
  };
  return {
    observe: (event) => {
      const { stream } = event;
      if (event.kind === "batch-settled") {
        take({ stream: stream.id, seq: event.seq, hash: event.hash, settledTo: event.to });
      } else if (event.kind === "stream-acquired") {
        take({ stream: stream.id, seq: event.seq, hash: event.hash, settledTo: event.position });
      }
    },
    close: async () => {
      clearInterval(timer);
      const waited = Promise.withResolvers<void>();
      const waiting = setTimeout(waited.resolve, CLOSE_WAIT_MS);
      const last = (async (): Promise<void> => {
        await running;
        await next();
        await Promise.all(writers.map(async (writer) => writer.close()));
      })();
      await Promise.race([last, waited.promise]);
      clearTimeout(waiting);
    },
  };
}

/** Collects the stream heads that this gateway knows. */
function newHeads(report: AnchorDeps["report"]): {
  /** Adds a head. @returns whether it is a new one. */
  readonly take: (head: AnchoredHead) => boolean;
  readonly all: () => readonly AnchoredHead[];
} {
  const heads = new Map<string, AnchoredHead>();
  /** Heads that the ledger no longer reaches. Every later anchor still names them, so that the loss stays visible. */
  const fallen: AnchoredHead[] = [];
  return {
    take: (head) => {
      const before = heads.get(head.stream);
      if (before?.seq === head.seq && before.hash === head.hash) return false;
      if (before !== undefined && head.seq <= before.seq) {
        fallen.push(before);
        const { stream, seq } = before;
        report({ kind: "head-fell-behind", stream, seq });
      }
      heads.set(head.stream, head);
      return true;
    },
    all: () => [...heads.values(), ...fallen],
  };
}

/** Describes a bug as trouble with an anchor: anchors are off the path of records, so a bug in them must not end the gateway. */
function unexpected(error: unknown): Pick<Unavailable, "code" | "message" | "remedy"> {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "ANCHOR_FILE", message: `Cannot anchor: ${message}`, remedy: "report it" };
}

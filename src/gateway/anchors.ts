import { Unavailable } from "../core/unavailable.ts";
import type { AnchorWriter } from "../anchor/writer.ts";
import type { AnchoredHead, OperatorHead } from "../ledger/anchor.ts";
import { operatorActions } from "../operator/actions.ts";
import type { StoreReads } from "../store/store.ts";
import type { GatewayEvent, AnchorEvent } from "./event.ts";

export type AnchorDeps = {
  readonly reads: Pick<StoreReads, "operatorLog">;
  readonly writers: readonly AnchorWriter[];
  /** An anchor is due when so many entries were written since the last one, or after so many milliseconds when anything was. */
  readonly entries: number;
  readonly everyMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly report: (event: AnchorEvent) => void;
};

export type Anchors = {
  /** Sees every event of the gateway. */
  readonly observe: (event: GatewayEvent) => void;
  /** Writes what is not anchored yet, and closes the places. */
  readonly close: () => Promise<void>;
};

/** How long the end of a gateway waits for a last anchor, in milliseconds; the next start anchors what it does not wait for. */
const CLOSE_WAIT_MS = 5_000;

/**
 * Anchors heads outside the store. The heads are those that this gateway wrote or took up, not what the store says later. Off the path
 * of records: nothing waits for an anchor, and trouble with one is reported and tried again when the next one is due.
 */
export function startAnchors({ reads, writers, entries, everyMs, now, report }: AnchorDeps): Anchors {
  const heads = newHeads(report);
  let operator: OperatorHead | null = null;
  let unwritten = new Set<AnchorWriter>();
  let count = 0;
  let running: Promise<void> | null = null;

  const isActedOn = async (): Promise<boolean> => {
    const before: OperatorHead | null = operator;
    let last: OperatorHead | null = before;
    for await (const { seq, hash } of operatorActions(reads, (before?.seq ?? -1) + 1)) last = { seq, hash };
    operator = last;
    return last !== before;
  };
  const write = async (): Promise<void> => {
    try {
      if (await isActedOn()) unwritten = new Set(writers);
    } catch (error) {
      // The heads of streams are known without the store, whose own trouble is told elsewhere.
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

/** The heads that a gateway knows. */
function newHeads(report: AnchorDeps["report"]): {
  /** @returns whether it is a new one. */
  readonly take: (head: AnchoredHead) => boolean;
  readonly all: () => readonly AnchoredHead[];
} {
  const heads = new Map<string, AnchoredHead>();
  /** Heads that a stream fell behind: no later anchor may leave them out. */
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

/** A bug in here must not end a gateway: anchors are beside the path. */
function unexpected(error: unknown): Pick<Unavailable, "code" | "message" | "remedy"> {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "ANCHOR_FILE", message: `Cannot anchor: ${message}`, remedy: "report it" };
}

import type { IncomingHttpHeaders } from "node:http";
import type { Header } from "../../core/record.ts";
import { parseTraceparent } from "../../core/trace-context.ts";
import { CONTRACT_HEADER } from "../../core/resolve.ts";

// Headers of a request that become headers of its records: the same on every route that takes records.

/** Headers that declare the version. Answers name it in `Contract`, so clients may send it back under that name. */
const DECLARING = [CONTRACT_HEADER, "contract"] as const;
const TRACESTATE_MAX = 512;

/**
 * The version that a request declares, as headers of its records. Two headers that differ declare two versions, so each record fails
 * with `contract-ambiguous`, as from the log.
 */
export function declaredHeaders(headers: IncomingHttpHeaders): readonly Header[] {
  const values = DECLARING.map((name) => headers[name]).filter((value) => typeof value === "string");
  return [...new Set(values)].map((value) => [CONTRACT_HEADER, Buffer.from(value)] as const);
}

/** Whether a request declares a version. */
export function isDeclared(headers: IncomingHttpHeaders): boolean {
  return DECLARING.some((name) => headers[name] !== undefined);
}

/** The producer and the trace of a request, as headers of its records. A malformed trace is left out, and fails no record. */
export function originHeaders({ traceparent, tracestate, ...headers }: IncomingHttpHeaders): readonly Header[] {
  const producer = headers["sigma-producer"];
  const added: Header[] = [];
  if (typeof producer === "string") added.push(["sigma-producer", Buffer.from(producer, "latin1")]);
  if (typeof traceparent === "string" && parseTraceparent(traceparent) !== null) {
    added.push(["traceparent", Buffer.from(traceparent)]);
    if (typeof tracestate === "string" && tracestate.length <= TRACESTATE_MAX) {
      added.push(["tracestate", Buffer.from(tracestate)]);
    }
  }
  return added;
}

import type { IncomingHttpHeaders } from "node:http";
import type { Header } from "../../core/record.ts";
import { CONTRACT_HEADER } from "../../core/resolve.ts";

// What the headers of a request say of the records in it: the same on every route that takes records.

/** Headers that declare the version. Answers name it in `Contract`, so clients write it there too. */
const DECLARING = [CONTRACT_HEADER, "contract"] as const;
/** W3C Trace Context; what is malformed is left out, never a failure. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE_MAX = 512;

/**
 * The version that a request declares, as headers of its records. Two headers that differ declare two versions, which is a
 * failure of the record as it would be in the log (`contract-ambiguous`).
 */
export function declaredHeaders(headers: IncomingHttpHeaders): readonly Header[] {
  const values = DECLARING.map((name) => headers[name]).filter((value) => typeof value === "string");
  return [...new Set(values)].map((value) => [CONTRACT_HEADER, Buffer.from(value)] as const);
}

/** Whether a request says itself by which version it is to be judged. */
export function isDeclared(headers: IncomingHttpHeaders): boolean {
  return DECLARING.some((name) => headers[name] !== undefined);
}

/** Who sends and the trace, as headers of the request's records. */
export function originHeaders({ traceparent, tracestate, ...headers }: IncomingHttpHeaders): readonly Header[] {
  const producer = headers["sigma-producer"];
  const added: Header[] = [];
  if (typeof producer === "string") added.push(["sigma-producer", Buffer.from(producer, "latin1")]);
  if (typeof traceparent === "string" && TRACEPARENT.test(traceparent)) {
    added.push(["traceparent", Buffer.from(traceparent)]);
    if (typeof tracestate === "string" && tracestate.length <= TRACESTATE_MAX) {
      added.push(["tracestate", Buffer.from(tracestate)]);
    }
  }
  return added;
}

import type { IncomingHttpHeaders } from "node:http";
import { RECORDS_TYPE } from "../../pool/wire.ts";
import { unsupported, type ProblemError } from "../problems/problem.ts";

/**
 * A kind of body: lines, one payload, a CloudEvent in structured mode, a batch of them, a JSON document that is no record, or the
 * records of a batch from a worker.
 */
export type Taken = "lines" | "payload" | "event" | "events" | "document" | "records";

/** Media types whose body is a stream of lines. */
export const LINE_TYPES: readonly string[] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];
export const EVENT_TYPE = "application/cloudevents+json";
export const EVENTS_TYPE = "application/cloudevents-batch+json";

const NAMES: Readonly<Record<Taken, readonly string[]>> = {
  payload: ["application/json", "a type ending in +json"],
  document: ["application/json", "a type ending in +json"],
  lines: LINE_TYPES.slice(0, 1),
  event: [EVENT_TYPE],
  events: [EVENTS_TYPE],
  records: [RECORDS_TYPE],
};

/** The media type of a body without its parameters, in lower case; null when none is given. */
export function mediaTypeOf(headers: IncomingHttpHeaders): string | null {
  return headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? null;
}

/** Whether a request carries a CloudEvent in binary mode: its attributes are headers, and its data has any type. */
export function isBinaryEvent(headers: IncomingHttpHeaders): boolean {
  return headers["ce-specversion"] !== undefined;
}

/**
 * The kind of a body, by its headers. A content type is required: a page of another site can make a browser send bodies without one, or
 * with a few types that no route takes, and no others (Fetch, CORS-safelisted).
 * @throws ProblemError 415 when the route does not take the kind.
 */
export function takenAs(headers: IncomingHttpHeaders, takes: readonly Taken[]): Taken {
  const mediaType = mediaTypeOf(headers);
  const kind = kindOf(mediaType);
  if (kind === "lines" || kind === "events" || kind === "records") {
    if (isBinaryEvent(headers) || !takes.includes(kind)) throw refused(mediaType, takes);
    return kind;
  }
  if (kind === "event") {
    if (isBinaryEvent(headers)) throw refused(mediaType, takes);
    if (takes.includes("event")) return "event";
  }
  if (takes.includes("event") && isBinaryEvent(headers) && mediaType !== null) return "payload";
  if (kind === "payload" && takes.includes("payload")) return "payload";
  if (kind === "payload" && takes.includes("document")) return "document";
  throw refused(mediaType, takes);
}

function kindOf(mediaType: string | null): Taken | null {
  if (mediaType === null) return null;
  if (LINE_TYPES.includes(mediaType)) return "lines";
  if (mediaType === EVENT_TYPE) return "event";
  if (mediaType === EVENTS_TYPE) return "events";
  if (mediaType === RECORDS_TYPE) return "records";
  if (mediaType.startsWith("application/cloudevents")) return null;
  return mediaType === "application/json" || /^[^/\s]+\/[^/\s]+\+json$/.test(mediaType) ? "payload" : null;
}

function refused(mediaType: string | null, takes: readonly Taken[]): ProblemError {
  const read = takes.flatMap((one) => NAMES[one]);
  const why =
    mediaType === null
      ? "The request does not say what its body is"
      : "The content type is not one that is read here, or not beside ce- headers";
  const remedy = `send content-type ${read.join(", or ")}`;
  return unsupported(why, takes.includes("event") ? `${remedy}; or a CloudEvent as ce- headers with its data` : remedy);
}

import type { FastifyRequest } from "fastify";
import type { NewRecord } from "../../source/source.ts";
import { fromBatch, fromBinary, fromStructured } from "./cloudevents.ts";
import { declaredHeaders, originHeaders } from "./declaration.ts";
import { isBinaryEvent, takenAs, type Taken } from "../body/media.ts";

/**
 * The records in a request whose body was read whole, with all that its headers say of them.
 * @throws ProblemError 400 when it is a CloudEvent that cannot be read.
 */
export function recordsOf(request: FastifyRequest, takes: readonly Taken[]): readonly NewRecord[] {
  const body = request.body as Buffer;
  const carried = recordsIn(request, takenAs(request.headers, takes), body);
  const common = withRequestHeaders(request);
  return carried.map(common);
}

function recordsIn(request: FastifyRequest, taken: Taken, body: Buffer): readonly NewRecord[] {
  switch (taken) {
    case "event":
      return [fromStructured(body)];
    case "events":
      return fromBatch(body);
    case "payload":
      return isBinaryEvent(request.headers) ? [fromBinary(request.raw, body)] : [bareRecord(body)];
    case "lines":
    case "document":
      throw new Error(`Cannot read records from a body that is taken as ${taken}`);
  }
}

/** A record of nothing but its value. */
export function bareRecord(value: Uint8Array | null): NewRecord {
  return { key: null, headers: [], value, partition: null };
}

/** The declared contract, the producer and the trace of a request become those of each of its records. */
export function withRequestHeaders({ headers }: FastifyRequest): (record: NewRecord) => NewRecord {
  const added = [...declaredHeaders(headers), ...originHeaders(headers)];
  if (added.length === 0) return (record) => record;
  return (record) => ({ ...record, headers: [...record.headers, ...added] });
}

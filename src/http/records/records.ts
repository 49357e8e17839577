import type { FastifyRequest } from "fastify";
import type { NewRecord } from "../../source/source.ts";
import { fromBatch, fromBinary, fromStructured } from "./cloudevents.ts";
import { declaredHeaders, originHeaders } from "./declaration.ts";
import { isBinaryEvent, takenAs, type Taken } from "../body/media.ts";

/**
 * The records of a request whose body was read whole, with the headers that the request gives them.
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
    case "records":
      throw new Error(`Cannot read records from a body that is taken as ${taken}`);
  }
}

/** A record that has only a value. */
export function bareRecord(value: Uint8Array | null): NewRecord {
  return { key: null, headers: [], value, partition: null };
}

/** Gives each record of a request its declared contract, its producer and its trace. */
export function withRequestHeaders({ headers }: FastifyRequest): (record: NewRecord) => NewRecord {
  const added = [...declaredHeaders(headers), ...originHeaders(headers)];
  if (added.length === 0) return (record) => record;
  return (record) => ({ ...record, headers: [...record.headers, ...added] });
}

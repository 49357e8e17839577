import type { FastifyInstance } from "fastify";
import type { Stream } from "../source/source.ts";
import type { StoredRow } from "../store/store.ts";
import type { HttpDeps } from "./deps.ts";
import { withDeprecation } from "./negotiation.ts";
import { notFound } from "./problem.ts";
import { decisionSchemas } from "./schemas.ts";
import { rowView } from "./views.ts";
import { exactInteger } from "../json/exact-integer.ts";

type Params = { readonly topic: string; readonly partition: string; readonly offset: string };

/** What became of one position. */
export function registerDecisions(app: FastifyInstance, deps: HttpDeps): void {
  app.get<{ Params: Params }>(
    "/v1/decisions/:topic/:partition/:offset",
    { schema: decisionSchemas.decision },
    async (request, reply) => {
      const { stream, offset, row } = await find(deps, request.params);
      if (row !== null) return withDeprecation(deps, rowView(row));
      const { topic, partition } = stream;
      return reply.code(202).send({ topic, partition, offset: exactInteger(offset), status: "PENDING" });
    },
  );

  app.get<{ Params: Params }>(
    "/v1/decisions/:topic/:partition/:offset/raw",
    { schema: decisionSchemas.raw },
    async (request, reply) => {
      const { row, offset } = await find(deps, request.params);
      if (row === null || row.kind === "unreadable" || row.raw === null) {
        throw notFound("no-bytes", `No bytes are stored for offset ${offset}`);
      }
      return reply
        .header("content-type", "application/octet-stream")
        .header("content-disposition", `attachment; filename="record-${offset}.bin"`)
        .send(Buffer.from(row.raw));
    },
  );
}

async function find(
  deps: HttpDeps,
  params: Params,
): Promise<{ readonly stream: Stream; readonly offset: bigint; readonly row: StoredRow | null }> {
  const streams = await deps.source.streams();
  const stream = streams.find((one) => one.topic === params.topic && String(one.partition) === params.partition);
  if (stream === undefined) {
    const known = streams.map(({ topic, partition }) => `${topic}/${partition}`).join(", ");
    throw notFound("unknown-topic", `There is no such topic and partition`, `use one of: ${known}`);
  }
  const offset = BigInt(params.offset);
  const collection = deps.contracts().byTopic.get(stream.topic)?.contract.collection;
  const near = collection === undefined ? [] : await deps.reads.rowsIn(collection, stream.id, offset, offset + 1n);
  // Decided under a contract of before, maybe.
  const [row] = near.length > 0 ? near : await deps.reads.rows(stream.id, offset, offset + 1n);
  if (row !== undefined) return { stream, offset, row };
  const { start, end } = await deps.source.bounds(stream);
  if (offset >= end || offset < start)
    throw notFound("no-record", `The log holds offsets ${start} to ${end}, the last excluded`);
  return { stream, offset, row: null };
}

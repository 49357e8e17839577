import { decideAll, ENGINE } from "../../core/decide.ts";
import { DECISIONS_TYPE, PINS, readRecords, writeDecisions } from "../../pool/wire.ts";
import type { HttpDeps } from "../deps.ts";
import { badRequest, ProblemError } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, text } from "../schema-parts.ts";

/** Its values are bytes; a schema that says so has no type of its own. */
const binary: Readonly<Record<string, unknown>> = { type: "string", format: "binary" };

const PINNED = {
  [PINS.contractSet]: { ...text, description: "Digest of the contract set" },
  [PINS.engine]: { ...text, description: "Version of the decision rules" },
} as const;

const WHO = {
  operationId: "decidesBy",
  summary: "By which contract set and engine this process decides, for those who would let it",
  response: {
    200: answer("How it decides", {
      type: "object",
      required: ["contractSet", "engine"],
      properties: { contractSet: text, engine: text },
    }),
  },
} as const;

const DECIDE = {
  operationId: "decide",
  summary: "Decide a batch of records for a worker, by the contract set and engine that it names; nothing is stored",
  headers: { type: "object", properties: PINNED },
  response: {
    200: {
      description: "The decisions, in the order of the records (docs/roles.md)",
      headers: PINNED,
      content: { [DECISIONS_TYPE]: { schema: binary } },
    },
  },
} as const;

const PROBLEMS = { 400: ["bad-records"], 409: ["other-contracts"] } as const;

/** Bytes of the largest batch: twice what a worker sends at most. */
const BATCH_BYTES_MAX = 67_108_864;

/** `/v1/decide`: a validator decides for workers. */
export function registerDecide(app: Routes, deps: HttpDeps): void {
  app.get("/v1/decide", { schema: WHO, logLevel: "silent", config: { role: "validator" } }, async (_, reply) =>
    reply.send({ contractSet: deps.contracts().digest, engine: ENGINE }),
  );

  app.post(
    "/v1/decide",
    {
      schema: DECIDE,
      config: { role: "validator", takes: ["records"], problems: PROBLEMS, bodyBytesMax: BATCH_BYTES_MAX },
    },
    async (request, reply) => {
      const set = deps.contracts();
      const { [PINS.contractSet]: contractSet, [PINS.engine]: engine } = request.headers;
      if (contractSet !== set.digest || engine !== ENGINE) throw otherContracts(set.digest);
      const records = readRecords(request.body as Buffer);
      if (typeof records === "string") throw badRequest("bad-records", `The records cannot be read: ${records}`);
      const decisions = writeDecisions(decideAll(records, set));
      return reply
        .header("content-type", DECISIONS_TYPE)
        .headers({ [PINS.contractSet]: set.digest, [PINS.engine]: ENGINE })
        .send(decisions);
    },
  );
}

function otherContracts(digest: string): ProblemError {
  return new ProblemError({
    status: 409,
    code: "other-contracts",
    title: "Conflict",
    detail: `This process decides by contract set ${digest} and engine ${ENGINE}`,
    remedy: "give all processes the same contracts, sources, lanes and version of the program",
  });
}

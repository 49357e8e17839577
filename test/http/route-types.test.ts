import Fastify from "fastify";
import { expect, test } from "vitest";
import type { Routes, SchemaTypes } from "../../src/http/route-types.ts";
import { answer } from "../../src/http/schema-parts.ts";

const COUNT = {
  type: "object",
  required: ["count"],
  properties: {
    count: { type: "integer" },
    state: { enum: ["open", null] },
    names: { type: "array", items: { type: "string" } },
  },
} as const;

const SCHEMA = { response: { 200: answer("A count", COUNT) } } as const;

/** `tsc` judges this: a line that must not compile and does is an error of its own. */
function register(app: Routes): void {
  app.get("/all", { schema: SCHEMA }, async (_, reply) => reply.send({ count: 5, state: null, names: ["a"] }));
  app.get("/bigint", { schema: SCHEMA }, async (_, reply) => reply.code(200).send({ count: 5n }));
  // @ts-expect-error -- the schema has no such member
  app.get("/unknown", { schema: SCHEMA }, async (_, reply) => reply.send({ count: 5, more: true }));
  // @ts-expect-error -- the same with a status
  app.get("/unknown-status", { schema: SCHEMA }, async (_, reply) => reply.code(200).send({ count: 5, more: true }));
  // @ts-expect-error -- the member has another type
  app.get("/type", { schema: SCHEMA }, async (_, reply) => reply.send({ count: "5" }));
  // @ts-expect-error -- the member has another type, and the answer is returned
  app.get("/returned", { schema: SCHEMA }, async () => ({ count: "5" }));
  // @ts-expect-error -- the member is required
  app.get("/missing", { schema: SCHEMA }, async (_, reply) => reply.send({ names: [] }));
  // @ts-expect-error -- the value is not one of the enumeration
  app.get("/value", { schema: SCHEMA }, async (_, reply) => reply.send({ count: 1, state: "shut" }));
  // @ts-expect-error -- the status is not documented
  app.get("/status", { schema: SCHEMA }, async (_, reply) => reply.code(201).send({ count: 1 }));
}

test("only the compiler stops an answer that its schema does not describe: the server would send it as it is", async () => {
  const app = Fastify().withTypeProvider<SchemaTypes>();
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  register(app);
  const answers = await Promise.all(["/all", "/unknown", "/returned", "/status"].map(async (url) => app.inject(url)));
  expect(answers.map(({ statusCode, body }) => [statusCode, body])).toEqual([
    [200, '{"count":5,"state":null,"names":["a"]}'],
    [200, '{"count":5,"more":true}'],
    [200, '{"count":"5"}'],
    [201, '{"count":1}'],
  ]);
});

import { describe, expect, test } from "vitest";
import { nameSchema } from "../../../src/isolate/name.ts";
import type { ThreadLimits } from "../../../src/isolate/thread.ts";
import { compileSchema } from "../../../src/schema/schema.ts";
import { refuseSchema } from "../../../src/schema/schema-lint.ts";
import type { JsonObject } from "../../../src/json/json.ts";
import { startService } from "../service.ts";

const TYPE = "application/vnd.schemaregistry.v1+json";

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Readonly<Record<string, unknown>> };
type Ask = (path: string, schema: unknown) => Promise<Answer>;

async function open(questions: Partial<ThreadLimits> = {}): Promise<{ readonly url: string; readonly ask: Ask }> {
  const { url } = await startService({ http: { limits: { questions } } });
  const ask: Ask = async (path, schema) => {
    const body = JSON.stringify({ schema: JSON.stringify(schema), schemaType: "JSON" });
    const response = await fetch(`${url}/registry${path}`, {
      method: "POST",
      headers: { "content-type": TYPE },
      body,
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  return { url, ask };
}

const COMPARE = "/compatibility/subjects/shipment/versions/latest?verbose=true";
const LOOK_UP = "/subjects/shipment";

function many<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** 153 kB; on the loop that decides it took 19 seconds. */
const wide = {
  oneOf: many(400, (branch) => ({
    type: "object",
    properties: { kind: { enum: many(30, (index) => `k-${branch}-${index}`) } },
    required: ["kind"],
  })),
};

/** Linting and compiling alone take some hundred milliseconds. */
const long = { anyOf: many(19_000, (index) => ({ required: [`name-${index}`], minProperties: index })) };

describe("what a stranger's schema costs", () => {
  test("whether the gateway lives is answered while a hard schema is compared", async () => {
    const { url, ask } = await open();
    const order: string[] = [];
    const compared = ask(COMPARE, wide).finally(() => order.push("compared"));
    // Whatever became of the comparison, it was there first.
    for (let count = 0; count < 3; count += 1) {
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      order.push("alive");
    }
    expect(await compared).toMatchObject({ status: 200, body: { is_compatible: false } });
    expect(order).toEqual(["alive", "alive", "alive", "compared"]);
  });

  test("a schema is looked up while another one is compared", async () => {
    const { ask } = await open();
    // The thread that looks up is there already: it begins at the first question.
    await ask(LOOK_UP, {});
    const order: string[] = [];
    const compared = ask(COMPARE, wide).finally(() => order.push("compared"));
    expect(await ask(LOOK_UP, { type: "object" }).finally(() => order.push("looked up"))).toMatchObject({
      status: 404,
      body: { error_code: 40403 },
    });
    await compared;
    expect(order).toEqual(["looked up", "compared"]);
  });

  test("a comparison that takes too much is one of which nothing is known", async () => {
    const { ask } = await open({ cpuMsMax: 100, cpuCheckMs: 5 });
    expect(await ask(COMPARE, long)).toMatchObject({
      status: 200,
      body: {
        is_compatible: false,
        messages: [
          "shipment@1: neither proved nor refuted: it takes more than a question may; sigma contract check takes its time",
        ],
      },
    });
    // The next question has a thread again.
    expect(await ask(COMPARE, true)).toMatchObject({ status: 200, body: { is_compatible: true, messages: [] } });
  });

  test("more questions than may wait are refused, and asked again later", async () => {
    const { ask } = await open({ cpuMsMax: 100, cpuCheckMs: 5, waitingMax: 1 });
    const answers = await Promise.all(many(4, async () => ask(COMPARE, long)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 503, 503]);
    const refused = answers.find(({ status }) => status === 503);
    expect(refused?.headers.get("retry-after")).toBe("2");
    expect(refused?.body).toEqual({
      error_code: 50303,
      message: "Too many schemas are being looked at: ask again",
    });
    expect((await ask(COMPARE, true)).status).toBe(200);
  });

  test("a schema with more parts than are looked at is one of which nothing is known", async () => {
    const { ask } = await open();
    expect((await ask(COMPARE, { anyOf: many(20_001, () => ({})) })).body).toEqual({
      is_compatible: false,
      messages: [
        "shipment@1: neither proved nor refuted: the schema has more parts than are looked at here; sigma contract check looks at any",
      ],
    });
  });

  test("a body beyond the limit is not read", async () => {
    const { ask } = await open();
    expect(await ask(LOOK_UP, "x".repeat(2_200_000))).toMatchObject({ status: 413, body: { error_code: 413 } });
  });

  test("a witness as long as the schemas is cut short", async () => {
    const { ask } = await open();
    const { body } = await ask(COMPARE, { type: "object", required: many(2_000, (index) => `name-${index}`) });
    expect(body["is_compatible"]).toBe(false);
    for (const message of body["messages"] as readonly string[]) expect(message.length).toBeLessThan(5_000);
  });
});

describe("a schema that lint refuses is never compiled", () => {
  test.each<readonly [string, JsonObject]>([
    ["remote-ref", { $ref: "https://example.test/other" }],
    ["unresolved-ref", { $ref: "#/$defs/nothing" }],
    ["pattern-syntax", { pattern: "(" }],
    ["pattern-syntax", { pattern: "(".repeat(9_000) }],
    ["too-large", { $comment: "x".repeat(1_000_000), $ref: "#/$defs/nothing" }],
    ["unknown-keyword", { unheard: true, $ref: "#/$defs/nothing" }],
    ["invalid", { minLength: "long", $ref: "#/$defs/nothing" }],
    ["dialect", { $schema: "http://json-schema.org/draft-07/schema#", pattern: "(" }],
  ])("%s", (code, schema) => {
    expect(() => compileSchema(schema, { formats: "assert" })).toThrow(/./);
    const codes = refuseSchema(schema).map((refusal) => refusal.code);
    expect(codes).toContain(code);
    expect(codes).not.toContain("does-not-compile");
  });
});

test.each([
  [{ schema: "{}", schemaType: "JSON" }, "named"],
  [{ schema: "{}" }, "invalid"],
  [{ schemaType: "JSON" }, "invalid"],
  [{ schema: "{", schemaType: "JSON" }, "invalid"],
  [{ schema: "[".repeat(100_000), schemaType: "JSON" }, "invalid"],
  [[], "unreadable"],
])("a body %j is %s", (body, kind) => {
  expect(nameSchema({ body: Buffer.from(JSON.stringify(body)) }).kind).toBe(kind);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOllama } from "../../src/diagnosis/ollama.ts";
import { diagnoseGroup, diagnosisOf, type DiagnoseDeps, type Diagnosed } from "../../src/diagnosis/diagnose.ts";
import { promptDigest } from "../../src/diagnosis/diagnosis.ts";
import { createRedaction, type RedactionRules } from "../../src/failures/redact.ts";
import { openEmbedded, shipment, shipmentContracts, type Embedded } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { ADVICE, advising, answering, startModelServer, status, type ModelServer } from "./model-server.ts";

const NOW_MS = 1_700_000_000_000;
const NEVER = new AbortController().signal;

type Asking = Embedded & {
  readonly server: ModelServer;
  readonly deps: Embedded["deps"];
  readonly groups: () => Promise<readonly string[]>;
  readonly ask: (fingerprint: string, again?: boolean) => Promise<Diagnosed>;
};

async function asking(
  rules: Partial<RedactionRules> = {},
  changes: Partial<DiagnoseDeps> = {},
  ...texts: readonly string[]
): Promise<Asking> {
  const embedded = await openEmbedded();
  const server = await startModelServer(advising());
  const set = shipmentContracts();
  await embedded.append(...texts);
  await embedded.settle();
  const { store, lookup } = embedded;
  const deps: DiagnoseDeps = {
    store,
    reads: store.reads,
    lookup,
    redaction: createRedaction({ pointers: [], classes: [], ...rules }, () => set),
    contracts: () => set,
    withExcerpt: true,
    diagnoser: createOllama({ url: server.url, model: "m", token: null, timeoutMs: PATIENCE_MS }),
    promptMax: 8_192,
    now: () => NOW_MS,
    ...changes,
  };
  return {
    ...embedded,
    server,
    groups: async () => [...new Set((await store.reads.groupCounters()).map(({ fingerprint }) => fingerprint))],
    ask: async (fingerprint, again = false) => diagnoseGroup(deps, fingerprint, again, NEVER),
  };
}

function messagesOf(server: ModelServer): readonly { readonly content: string }[] {
  return (server.asked[0]?.body["messages"] ?? []) as readonly { readonly content: string }[];
}

/** What the model was given, as an object. */
function given(server: ModelServer): Record<string, unknown> {
  return JSON.parse(messagesOf(server)[1]?.content ?? "{}") as Record<string, unknown>;
}

const TEXT_WEIGHT = `{"shipment_id":"A","weight_kg":"12.5","destination":"Dublin","priority":2}`;

describe("a group is diagnosed", () => {
  test("by its code, the broken part of its contract, the explanation and its newest record", async () => {
    const { server, groups, ask } = await asking({}, {}, shipment("ok"), TEXT_WEIGHT);
    const [fingerprint = ""] = await groups();
    const diagnosed = await ask(fingerprint);
    expect(given(server)).toEqual({
      code: "schema",
      contract: "shipment@1",
      in_common: expect.stringContaining("`type` at /properties/weight_kg/type of the schema") as string,
      explanation: expect.stringContaining("/weight_kg: ") as string,
      violations: [{ pointer: "/weight_kg", keyword: "type", expected: "number", got: "string" }],
      contract_part: expect.stringContaining('"exclusiveMinimum":0') as string,
      record: TEXT_WEIGHT,
    });
    const [system, user] = messagesOf(server);
    expect(diagnosed).toEqual({
      kind: "diagnosed",
      diagnosis: {
        fingerprint,
        at: "2023-11-14T22:13:20.000Z",
        model: "m",
        promptDigest: promptDigest({ system: system?.content ?? "", user: user?.content ?? "" }),
        durationMs: 0,
        outcome: "advised",
        advice: ADVICE,
      },
    });
  });

  test("by the rule that it breaks", async () => {
    const { server, groups, ask } = await asking({}, {}, shipment("A", 2_000));
    await ask((await groups())[0] ?? "");
    expect(given(server)).toMatchObject({
      code: "rule",
      violations: [{ id: "max-weight", message: "weight_kg exceeds maximum allowed limit" }],
      contract_part: expect.stringContaining("weight_kg <= 1000.0") as string,
    });
  });

  test("by the bytes around the fault, where they are no JSON", async () => {
    const text = `${" ".repeat(5_000)}{"a":1,}${" ".repeat(5_000)}`;
    const { server, groups, ask } = await asking({}, {}, text);
    await ask((await groups())[0] ?? "");
    expect(given(server)).toMatchObject({ code: "malformed-not-json", contract_part: null, violations: [] });
    expect(String(given(server)["record"])).toContain('{"a":1,}');
  });

  test("without any value of a record, where the settings say so", async () => {
    const { server, groups, ask } = await asking({}, { withExcerpt: false }, TEXT_WEIGHT);
    await ask((await groups())[0] ?? "");
    expect(given(server)["record"]).toBeNull();
    expect(JSON.stringify(server.asked)).not.toMatch(/12\.5|Dublin/);
  });

  test("once: the next time the advice is in the store, until somebody asks again", async () => {
    const { server, groups, ask, store } = await asking({}, {}, TEXT_WEIGHT);
    const [fingerprint = ""] = await groups();
    await ask(fingerprint);
    expect((await ask(fingerprint)).kind).toBe("known");
    expect(server.asked).toHaveLength(1);
    server.behave(advising({ confidence_level: "low" }));
    await ask(fingerprint, true);
    expect(server.asked).toHaveLength(2);
    expect(await diagnosisOf(store.reads, fingerprint)).toMatchObject({ advice: { confidence_level: "low" } });
  });

  test("and a question that failed is kept where there is no advice, and never replaces any", async () => {
    const { server, groups, ask, store } = await asking({}, {}, TEXT_WEIGHT);
    const [fingerprint = ""] = await groups();
    server.behave(answering("I am a teapot"));
    expect(await ask(fingerprint)).toMatchObject({ diagnosis: { outcome: "failed", code: "unusable" } });
    expect(await diagnosisOf(store.reads, fingerprint)).toMatchObject({ outcome: "failed", code: "unusable" });
    server.behave(advising());
    await ask(fingerprint);
    server.behave(status(500, "no"));
    expect(await ask(fingerprint, true)).toMatchObject({ diagnosis: { outcome: "failed", code: "refused" } });
    expect(await diagnosisOf(store.reads, fingerprint)).toMatchObject({ outcome: "advised", advice: ADVICE });
  });

  test("and one of which nothing is stored is not asked about", async () => {
    const { server, ask } = await asking({}, {}, TEXT_WEIGHT);
    expect(await ask("0".repeat(32))).toEqual({ kind: "nothing" });
    expect(server.asked).toEqual([]);
  });

  test("and nothing is stored of a question that was given up", async () => {
    const diagnoser = { model: "m", ask: async () => ({ kind: "aborted" }) as const };
    const { groups, ask, store } = await asking({}, { diagnoser }, TEXT_WEIGHT);
    const [fingerprint = ""] = await groups();
    expect(await ask(fingerprint)).toEqual({ kind: "aborted" });
    expect(await store.reads.advice(fingerprint)).toBeNull();
  });

  test("and the audit of the store finds nothing, and no failure is another one", async () => {
    const { groups, ask, audit, rows } = await asking({}, {}, shipment("ok"), TEXT_WEIGHT);
    const before = await rows();
    await ask((await groups())[0] ?? "");
    expect(await rows()).toEqual(before);
    expect((await audit(true)).findings).toEqual([]);
  });
});

describe("stored advice that somebody changed", () => {
  test.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["another form", '{"v":1,"model":"m","promptDigest":"x","durationMs":1,"outcome":"advised","advice":{"x":1}}'],
    ["an unknown trouble", '{"v":1,"model":"m","promptDigest":"x","durationMs":1,"outcome":"failed","code":"x"}'],
  ])("to %s is none", async (_, text) => {
    const { store, groups } = await asking({}, {}, TEXT_WEIGHT);
    const [fingerprint = ""] = await groups();
    await store.putAdvice({ fingerprint, atMs: 1, text });
    expect(await diagnosisOf(store.reads, fingerprint)).toBeNull();
  });
});

const CANARY = "canary-4929-8810-2277-0001";
const SEEDED: readonly (readonly [string, string])[] = [
  ["in the value that fails", `{"shipment_id":"A","weight_kg":1,"destination":{"iban":"${CANARY}"},"priority":2}`],
  ["in a value beside a fault", `{"shipment_id":"","weight_kg":1,"destination":"${CANARY}","priority":2}`],
  ["in the name of a member", `{"shipment_id":"","weight_kg":1,"destination":{"${CANARY}":1},"priority":2}`],
  ["in a list", `{"shipment_id":"","weight_kg":1,"destination":[["${CANARY}"]],"priority":2}`],
  ["of a record that breaks a rule", `{"shipment_id":"A","weight_kg":2000,"destination":"${CANARY}","priority":2}`],
  ["of a record that is no JSON", `{"shipment_id":"A","destination":"${CANARY}"`],
  ["of a record with a name twice", `{"shipment_id":"A","destination":{"${CANARY}":1,"${CANARY}":2}}`],
  ["of a record that is no UTF-8", `{"shipment_id":"A","destination":"${CANARY}\ud800"}`],
  ["of a long record", `{"shipment_id":"","destination":"${CANARY}","x":"${"y".repeat(70_000)}"}`],
  ["cut by the limit", `{"shipment_id":"","x":"${"y".repeat(2_020)}","destination":"${CANARY}"}`],
];

describe("a redacted value is never asked about", () => {
  test.each(SEEDED)("%s", async (_, text) => {
    const { server, groups, ask } = await asking(
      { pointers: [{ subject: "shipment", pointer: "/destination" }] },
      {},
      text,
    );
    for (const fingerprint of await groups()) expect((await ask(fingerprint)).kind).toBe("diagnosed");
    expect(server.asked).toHaveLength(1);
    expect(JSON.stringify(server.asked)).not.toContain(CANARY.slice(0, 11));
  });

  test("of a record that contradicts a fact", async () => {
    const rules = { pointers: [{ subject: "shipment", pointer: "/destination" }] };
    const two = [shipment("A"), shipment("A").replace("Dublin", CANARY)];
    const { server, groups, ask } = await asking(rules, {}, ...two);
    for (const fingerprint of await groups()) await ask(fingerprint);
    expect(given(server)).toMatchObject({ code: "conflict", record: expect.stringContaining("[redacted]") as string });
    expect(JSON.stringify(server.asked)).not.toContain(CANARY);
  });

  test("wherever it is below a redacted member, whatever is around it", { timeout: PATIENCE_MS }, async () => {
    const rules = { pointers: [{ subject: null, pointer: "/secret" }] };
    const values = fc.sample(fc.jsonValue({ maxDepth: 3 }), { numRuns: 40, seed: 7 });
    const texts = values.map((value, index) =>
      JSON.stringify({ shipment_id: index, secret: [value, { [CANARY]: CANARY }], weight_kg: value, around: value }),
    );
    const { server, groups, ask } = await asking(rules, {}, ...texts);
    for (const fingerprint of await groups()) await ask(fingerprint);
    expect(server.asked.length).toBeGreaterThan(0);
    expect(JSON.stringify(server.asked)).not.toContain("canary");
    expect(JSON.stringify(server.asked)).toContain("[redacted]");
  });

  test("and the test sees it where nothing is redacted", async () => {
    const seen: boolean[] = [];
    for (const [, text] of SEEDED) {
      const { server, groups, ask } = await asking({}, {}, text);
      for (const fingerprint of await groups()) await ask(fingerprint);
      seen.push(JSON.stringify(server.asked).includes(CANARY));
    }
    expect(seen).toEqual(SEEDED.map(([where]) => where !== "cut by the limit"));
  });
});

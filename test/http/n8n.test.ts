import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { failedRecord } from "../../src/gateway/mirror.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { startService, type Service } from "./service.ts";

type Parameters = {
  readonly method?: string;
  readonly url?: string;
  readonly headerParameters?: { readonly parameters: readonly { readonly name: string; readonly value: string }[] };
  readonly jsonBody?: string;
  readonly topic?: string;
  readonly assignments?: {
    readonly assignments: readonly { readonly name: string; readonly value: string; readonly type: string }[];
  };
  readonly conditions?: { readonly conditions: readonly { readonly leftValue: string; readonly rightValue: string }[] };
};
type Node = {
  readonly name: string;
  readonly type: string;
  readonly onError?: string;
  readonly retryOnFail?: boolean;
  readonly parameters: Parameters;
};
type Workflow = {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly connections: Readonly<Record<string, { readonly main: readonly (readonly { readonly node: string }[])[] }>>;
};

const FOLDER = resolve(import.meta.dirname, "../../examples/n8n");
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const TRIGGERS = ["n8n-nodes-base.kafkaTrigger", "n8n-nodes-base.webhook"];
const GATEWAY = "http://127.0.0.1:8000";
const OLLAMA = "http://127.0.0.1:11434";

function read(name: string): Workflow {
  return JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Workflow;
}

/** What a parameter says: `=` makes it a template, whose `{{ }}` are expressions over the item and those of earlier nodes. */
function evaluate(text: string, json: unknown, earlier: ReadonlyMap<string, unknown>): unknown {
  if (!text.startsWith("=")) return text;
  const one = (expression: string): unknown =>
    runInNewContext(expression, {
      $json: json,
      $: (name: string) => {
        if (!earlier.has(name)) throw new Error(`no node "${name}" ran before`);
        return { item: { json: earlier.get(name) } };
      },
      encodeURIComponent,
    });
  const whole = /^=\{\{([^]*)\}\}$/.exec(text);
  if (whole !== null && !/\}\}[^]*\{\{/.test(text)) return one(whole[1] ?? "");
  return text.slice(1).replaceAll(/\{\{([^]*?)\}\}/g, (_, expression: string) => String(one(expression)));
}

type Addresses = Readonly<Record<string, string>>;

/** One node on one item: what comes out of it, and by which of its outputs. */
async function step(
  node: Node,
  json: unknown,
  earlier: ReadonlyMap<string, unknown>,
  addresses: Addresses,
): Promise<{ readonly json: unknown; readonly output: number }> {
  const { parameters } = node;
  const text = (value: string): string => String(evaluate(value, json, earlier));
  switch (node.type) {
    case "n8n-nodes-base.httpRequest": {
      const url = text(parameters.url ?? "");
      const base = Object.keys(addresses).find((one) => url.startsWith(`${one}/`));
      if (base === undefined) throw new Error(`it asks ${url}`);
      const named = (parameters.headerParameters?.parameters ?? []).map(
        ({ name, value }) => [name, text(value)] as const,
      );
      const body = parameters.jsonBody === undefined ? undefined : text(parameters.jsonBody);
      const headers = {
        ...Object.fromEntries(named),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      };
      const request = { method: parameters.method ?? "GET", headers, ...(body === undefined ? {} : { body }) };
      try {
        const answer = await fetch(`${addresses[base] ?? ""}${url.slice(base.length)}`, request);
        if (!answer.ok) throw new Error(`${node.name}: ${answer.status} ${await answer.text()}`);
        return { json: await answer.json(), output: 0 };
      } catch (error) {
        if (node.onError !== "continueRegularOutput") throw error;
        return { json: { error: "it failed" }, output: 0 };
      }
    }
    case "n8n-nodes-base.if": {
      const all = (parameters.conditions?.conditions ?? []).every(({ leftValue, rightValue }) => {
        const left = evaluate(leftValue, json, earlier);
        if (typeof left !== "string") throw new Error(`${node.name}: it compares no text`);
        return left === rightValue;
      });
      return { json, output: all ? 0 : 1 };
    }
    case "n8n-nodes-base.set": {
      const made = (parameters.assignments?.assignments ?? []).map(({ name, value, type }) => {
        const found = evaluate(value, json, earlier);
        const kind = Array.isArray(found) ? "array" : typeof found;
        expect([node.name, name, kind]).toEqual([node.name, name, type]);
        return [name, found] as const;
      });
      return { json: Object.fromEntries(made), output: 0 };
    }
    case "n8n-nodes-base.noOp":
      return { json, output: 0 };
    default:
      throw new Error(`there is a node of type ${node.type}`);
  }
}

/** Runs a workflow on one item as its trigger gives it; the name of its last node and what came out of it. */
async function run(workflow: Workflow, first: unknown, addresses: Addresses): Promise<readonly [string, unknown]> {
  const trigger = workflow.nodes.find(({ type }) => TRIGGERS.includes(type));
  if (trigger === undefined) throw new Error("it has no trigger");
  const earlier = new Map<string, unknown>([[trigger.name, first]]);
  let [name, json, output] = [trigger.name, first, 0];
  for (;;) {
    const [next] = workflow.connections[name]?.main[output] ?? [];
    const node = workflow.nodes.find((one) => one.name === next?.node);
    if (node === undefined) return [name, json];
    ({ json, output } = await step(node, json, earlier, addresses));
    name = node.name;
    earlier.set(name, json);
  }
}

describe.each(FILES)("examples/n8n/%s", (file) => {
  const workflow = read(file);

  test("has one trigger, from which every node is reached, and no connection that leads nowhere", () => {
    const names = workflow.nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const targets = Object.values(workflow.connections).flatMap(({ main }) => main.flat().map(({ node }) => node));
    const triggers = workflow.nodes.filter(({ type }) => TRIGGERS.includes(type)).map(({ name }) => name);
    expect(triggers).toHaveLength(1);
    expect([...targets, ...triggers].toSorted()).toEqual(names.toSorted());
    expect(Object.keys(workflow.connections).filter((name) => !names.includes(name))).toEqual([]);
  });

  test("asks only routes that are documented, and asks again when it gets no answer", async () => {
    const { url } = await startService();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const asking = workflow.nodes.filter(({ parameters }) => parameters.url?.includes(GATEWAY) === true);
    expect(asking.length).toBeGreaterThan(0);
    for (const { parameters, retryOnFail } of asking) {
      const path = (parameters.url ?? "")
        .replace(/^=/, "")
        .slice(GATEWAY.length)
        .replaceAll(/\{\{[^]*?\}\}/g, "x");
      const known = Object.entries(paths).filter(([one]) =>
        new RegExp(`^${one.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
      );
      expect([
        path,
        known.map(([, methods]) => (parameters.method ?? "GET").toLowerCase() in methods),
        retryOnFail,
      ]).toEqual([path, [true], true]);
    }
  });
});

async function gateway(): Promise<Service> {
  const service = await startService({ http: { reference: { contract: null, setAside: ["raw_payload"] } } });
  return service;
}

async function model(answer: object): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end(JSON.stringify(answer)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe("on a running gateway", () => {
  test("failures are explained from the mirror's own record, with a model and without one", async () => {
    const service = await gateway();
    await service.append('{"shipment_id":"","weight_kg":-5,"destination":"Dublin"}');
    await fetch(`${service.url}/v1/events/${TOPIC}`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=10" },
      body: shipment("A"),
    });
    const [row] = await service.rows(0n, 1n);
    if (row?.kind !== "failed") throw new Error("it is no failure");
    const { headers, value } = failedRecord(row);
    const item = {
      message: Buffer.from(value ?? []).toString(),
      headers: Object.fromEntries(headers.map(([name, content]) => [name, Buffer.from(content).toString()])),
    };
    const chat = await model({ message: { role: "assistant", content: '{"diagnostic_summary":"s"}' } });
    const workflow = read("failures-explained.json");
    const explained = {
      position: `${TOPIC}/0@0`,
      code: "schema",
      fingerprint: row.fingerprint,
      detail: expect.stringContaining("/priority") as string,
      errors: expect.arrayContaining([expect.objectContaining({ pointer: "/weight_kg" })]) as unknown,
    };
    expect(await run(workflow, item, { [GATEWAY]: service.url, [OLLAMA]: chat })).toEqual([
      "Explained failure",
      { ...explained, diagnosis: '{"diagnostic_summary":"s"}' },
    ]);
    expect(await run(workflow, item, { [GATEWAY]: service.url, [OLLAMA]: "http://127.0.0.1:1" })).toEqual([
      "Explained failure",
      { ...explained, diagnosis: "no diagnosis" },
    ]);
  });

  test("verdicts go two ways, with what the reference's flow sends beside the payload", async () => {
    const { url } = await gateway();
    const workflow = read("verdicts.json");
    const payload = JSON.parse(shipment("A")) as object;
    const message = { ...payload, raw_payload: { any: 1 } };
    expect(await run(workflow, { message }, { [GATEWAY]: url })).toEqual(["Passed", { clean_data: payload }]);
    const wrong = { ...message, weight_kg: 2_000 };
    expect(await run(workflow, { message: wrong }, { [GATEWAY]: url })).toEqual([
      "Failed",
      {
        reason: "Business rule violation",
        errors: ["weight_kg exceeds maximum allowed limit"],
        received_payload: wrong,
      },
    ]);
  });

  test("a webhook's record is appended, and its decision is the answer", async () => {
    const service = await gateway();
    const text = JSON.stringify(read("append.json")).replaceAll("sigma-aetl.shipments", TOPIC);
    const workflow = JSON.parse(text) as Workflow;
    const send = async (body: string) =>
      run(workflow, { body: JSON.parse(body) as unknown }, { [GATEWAY]: service.url });
    expect(await send(shipment("A"))).toEqual(["Decision", { topic: TOPIC, status: "PASSED", code: "" }]);
    expect(await send("{}")).toEqual(["Decision", { topic: TOPIC, status: "FAILED", code: "schema" }]);
    expect(await service.store.reads.tally()).toEqual({ validated: 1, failed: 1, receipts: 0 });
  });
});

import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import type { ContractSet, ContractVersion } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { diagnoseRegistry } from "../../src/registry/diagnose.ts";
import { publishVersion, type Published } from "../../src/registry/publish.ts";
import { shipmentContracts } from "../embedded.ts";
import { json, stubRegistry, UNKNOWN } from "./stub-registry.ts";
import { PATIENCE_MS } from "../patience.ts";

const SET = JSON.parse(shipmentContracts().text) as ContractSet;
const VERSION = SET.contracts[0]?.versions[0] as ContractVersion;

type Body = { readonly schema: string; readonly metadata?: { readonly properties: Record<string, string> } };

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Body;
}

/** A registry that keeps what it is given, as `keep` makes it. */
async function publishTo(keep: (body: Body) => object): Promise<Published> {
  let kept: object = {};
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url?.endsWith("/versions") === true) kept = keep(await bodyOf(request));
    json(200, { id: 7, version: 3, ...kept })(request, response);
  };
  const { url } = await stubRegistry((request, response) => void answer(request, response));
  return publishVersion({ url, authorization: null, timeoutMs: PATIENCE_MS }, "shipments-value", "shipment", VERSION);
}

function changed(body: Body, change: (schema: Record<string, unknown>) => void): Body {
  const schema = JSON.parse(body.schema) as Record<string, unknown>;
  change(schema);
  return { ...body, schema: JSON.stringify(schema) };
}

describe("publishing a version", () => {
  test("annotates the schema with its contract, and finds nothing where the registry keeps what it is given", async () => {
    let sent: JsonObject = {};
    const result = await publishTo((body) => {
      sent = JSON.parse(body.schema) as JsonObject;
      return { ...body, schema: JSON.stringify(sent, null, 2) };
    });
    expect(result).toEqual({ kind: "published", id: 7, version: 3, changed: [], dropped: [] });
    expect(sent["x-sigma-contract"]).toEqual({ subject: "shipment", version: 1, digest: VERSION.digest });
  });

  test("names each place that a registry changed, dropped or added", async () => {
    const result = await publishTo((body) =>
      changed(body, (schema) => {
        delete schema["x-sigma-contract"];
        (schema["properties"] as Record<string, unknown>)["weight_kg"] = { type: "number" };
        schema["connect.name"] = "x";
        (schema["required"] as string[]).pop();
      }),
    );
    expect(result.kind === "published" ? result.changed.toSorted() : result).toEqual([
      "/connect.name",
      "/properties/weight_kg/description",
      "/properties/weight_kg/exclusiveMinimum",
      "/required",
      "/x-sigma-contract",
    ]);
  });

  test("names the metadata a registry drops", async () => {
    const result = await publishTo(({ schema }) => ({
      schema,
      metadata: { properties: { "sigma.digest": "another" } },
    }));
    expect(result).toMatchObject({ changed: [], dropped: ["sigma.contract", "sigma.digest", "sigma.identity"] });
  });

  test("quotes a registry that refuses", async () => {
    const { url } = await stubRegistry(json(409, { error_code: 409, message: "incompatible with an earlier schema" }));
    const connection = { url, authorization: null, timeoutMs: PATIENCE_MS };
    expect(await publishVersion(connection, "s", "shipment", VERSION)).toEqual({
      kind: "refused",
      status: 409,
      message: "incompatible with an earlier schema",
    });
  });
});

describe("looking at a registry without writing", () => {
  const diagnose = async (url: string) => {
    const checks = await diagnoseRegistry({ url, authorization: null, timeoutMs: PATIENCE_MS }, SET);
    return checks.map(({ result, message }) => `${result} ${message}`);
  };

  test("tells which live versions it knows", async () => {
    const { url } = await stubRegistry((request, response) =>
      (request.url === "/schemas/types" ? json(200, ["AVRO", "JSON"]) : json(200, { id: 7 }))(request, response),
    );
    expect(await diagnose(url)).toEqual([
      "ok answers and takes JSON Schema",
      "ok shipment@1 is schema 7 of shipments-value",
    ]);
  });

  test("tells what is missing, another kind of server, and one that is not there", async () => {
    const empty = await stubRegistry((request, response) =>
      (request.url === "/schemas/types" ? json(200, ["JSON"]) : UNKNOWN)(request, response),
    );
    expect((await diagnose(empty.url))[1]).toBe("warn shipment@1 is not under shipments-value");
    const avro = await stubRegistry(json(200, ["AVRO"]));
    expect(await diagnose(avro.url)).toEqual(["fail it takes no JSON Schema"]);
    const other = await stubRegistry(json(404, {}));
    expect(await diagnose(other.url)).toEqual([
      "fail there is something at registry.url, and it is no schema registry",
    ]);
    const broken = await stubRegistry(json(503, {}));
    expect((await diagnose(broken.url))[0]).toMatch(/^fail REGISTRY_ANSWER/);
  });
});

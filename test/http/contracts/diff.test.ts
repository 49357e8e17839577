import { describe, expect, test } from "vitest";
import { shipmentContracts } from "../../embedded.ts";
import { get, post, startService, type Service } from "../service.ts";
import { shipmentVersions } from "../shipment-versions.ts";

const NOTE = { note: { type: "string", maxLength: 80 } };
const SET = shipmentVersions(
  { status: "active", weight: { maximum: 500 }, adds: NOTE },
  { status: "draft", adds: NOTE },
);

async function start(questions = {}): Promise<Service> {
  return startService({
    ingest: { contracts: () => SET },
    http: { contracts: () => SET, limits: { questions: { wallMsMax: 120_000, ...questions } } },
  });
}

type Verdict = { readonly kind: string; readonly accepts: number; readonly refuses: number; readonly witness: string };

describe("GET /v1/contracts/{subject}/diff", () => {
  test("lists what changed, and shows what it breaks by payloads that can be tried", async () => {
    const { url } = await start();
    const { status, body } = await get(`${url}/v1/contracts/shipment/diff?from=1&to=2`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject: "shipment", from: { version: 1, status: "deprecated" }, to: { version: 2 } });
    expect(
      (body["changes"] as { rule: string; pointer: string }[]).map(({ rule, pointer }) => [rule, pointer]),
    ).toEqual(
      expect.arrayContaining([
        ["constraint-added", "/properties/weight_kg/maximum"],
        ["property-added-to-closed", "/properties/note"],
      ]),
    );
    const directions = [body["backward"], body["forward"]] as readonly Verdict[];
    expect(directions.map(({ kind, accepts, refuses }) => [kind, accepts, refuses])).toEqual([
      ["incompatible", 1, 2],
      ["incompatible", 2, 1],
    ]);
    for (const { accepts, refuses, witness } of directions) {
      const judgedBy = async (version: number): Promise<unknown> =>
        (await post(`${url}/v1/validate/shipment?version=${version}`, witness)).body["status"];
      expect([await judgedBy(accepts), await judgedBy(refuses)]).toEqual(["PASSED", "FAILED"]);
    }
  });

  test("compares the highest version with the one before where none is named, and asks only once for an answer", async () => {
    const { url } = await start({ cpuMsMax: 60_000 });
    const { body } = await get(`${url}/v1/contracts/shipment/diff`);
    expect([body["from"], body["to"]]).toMatchObject([{ version: 2 }, { version: 3, status: "draft" }]);
    expect([body["backward"], body["forward"]]).toMatchObject([
      { kind: "compatible", witness: null },
      { kind: "incompatible", violations: [{ pointer: "/weight_kg", keyword: "maximum", rule: null }] },
    ]);
    expect((await get(`${url}/v1/contracts/shipment/diff`)).body).toEqual(body);
  });

  test("a rule that refuses a payload is named", async () => {
    const set = shipmentVersions({
      status: "active",
      rules: [{ id: "light", expression: "weight_kg <= 10.0", message: "weight_kg exceeds ten" }],
    });
    const { url } = await startService({ ingest: { contracts: () => set }, http: { contracts: () => set } });
    const { body } = await get(`${url}/v1/contracts/shipment/diff`);
    expect(body["backward"]).toMatchObject({
      kind: "incompatible",
      violations: [{ pointer: null, rule: "light", detail: "weight_kg exceeds ten" }],
    });
  });

  test("a comparison that takes more than a request may is ended, and the answer names the command", async () => {
    const { url } = await start({ wallMsMax: 1 });
    const { status, body } = await get(`${url}/v1/contracts/shipment/diff?from=1&to=2`);
    expect([status, body["code"]]).toEqual([422, "not-compared"]);
    expect(body["remedy"]).toContain("sigma contract diff shipment@1 shipment@2");
  });

  test("what is not there is not compared", async () => {
    const { url } = await start();
    const answers = ["other/diff", "shipment/diff?from=9", "shipment/diff?to=1"].map(async (path) => {
      const { status, body } = await get(`${url}/v1/contracts/${path}`);
      return [status, body["code"]];
    });
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 3 }, () => [404, "unknown-contract"]));
    const alone = await startService({ http: { contracts: () => shipmentContracts() } });
    expect((await get(`${alone.url}/v1/contracts/shipment/diff`)).status).toBe(404);
  });
});

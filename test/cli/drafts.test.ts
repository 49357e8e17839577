import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { ROOT, sigma, type Run } from "./run.ts";

type Place = {
  readonly cwd: string;
  readonly contract: (...args: readonly string[]) => Promise<Run>;
  readonly write: (name: string, text: string) => void;
};

function place(): Place {
  const cwd = temporaryDirectory();
  return {
    cwd,
    contract: async (...args) => sigma(["contract", ...args], { cwd }),
    write: (name, text) => writeFileSync(join(cwd, name), text),
  };
}

describe("sigma contract new", () => {
  test("proposes a draft that lints, and by which its own samples pass", async () => {
    const { cwd, contract, write } = place();
    const lines = Array.from(
      { length: 30 },
      (_, n) => `{"order":"o-${n}","total":${n + 0.5},"lines":[{"sku":"a","n":${n}}]}`,
    );
    write("orders.ndjson", `${lines.join("\n")}\n{broken\n`);
    const made = await contract("new", "order", "--from", "orders.ndjson");
    expect([made.code, made.stdout]).toEqual([0, "order@1 is a draft in contracts/order\n"]);
    expect(made.stderr).toContain("left out, as they are no records: 1 line (31)");
    const yaml = readFileSync(join(cwd, "contracts/order/contract.yaml"), "utf8");
    expect(yaml).toContain("# A DRAFT");
    expect(yaml).toContain("guessed from 30 records of orders.ndjson");
    expect(yaml).toContain('identity: ["/order"]');
    expect(yaml).toContain("status: draft");
    expect(await contract("lint")).toMatchObject({ code: 0 });
    const judged = await sigma(["validate", "--contract", "order@1", "orders.ndjson"], { cwd });
    expect(judged.stdout + judged.stderr).toMatch(/30 PASSED|30 passed/);
    const again = await contract("new", "order", "--from", "orders.ndjson");
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("it is there already") as string]);
  });

  test.each([
    ["{}\n{}\n", ["order", "--from", "f"], 2, "no member of the records has another value in each"],
    ['{"id":1,"k":"a"}\n', ["order", "--from", "f"], 2, "one record cannot say what names a fact"],
    ["", ["order"], 2, "there is nothing to propose it from"],
    ["", ["order", "--version", "2"], 2, "Cannot load contracts"],
    ["nothing\n", ["order", "--from", "f"], 10, "no line of it is a record"],
    ['{"a":1}\n', ["../up", "--from", "f", "--identity", "/a"], 2, 'Cannot use "../up" as a subject'],
    ['{"a":1}\n{"b":1}\n', ["order", "--from", "f", "--identity", "/a"], 2, "the schema does not require it"],
    ["", ["order", "--from", "absent"], 2, "absent"],
  ])("of %j with %j ends with a sentence", async (text, args, code, words) => {
    const { cwd, contract, write } = place();
    write("f", text);
    const made = await contract("new", ...args);
    expect([made.code, made.stderr]).toEqual([code, expect.stringContaining(words) as string]);
    expect(made.stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(cwd, "contracts"))).toBe(false);
  });
});

describe("sigma contract new --version", () => {
  test("makes the next version a draft that begins as a copy, with comments and fixtures, and changes nothing else", async () => {
    const { cwd, contract } = place();
    cpSync(join(ROOT, "contracts"), join(cwd, "contracts"), { recursive: true });
    const folder = join(cwd, "contracts/shipment");
    const before = readFileSync(join(folder, "contract.yaml"), "utf8");
    const made = await contract("new", "shipment", "--version", "3", "--from", "1");
    expect([made.code, made.stdout]).toEqual([
      0,
      "shipment@3 is a draft in contracts/shipment, as shipment@1 is: change v3.schema.json\n",
    ]);
    expect(readFileSync(join(folder, "contract.yaml"), "utf8")).toBe(
      `${before}  3:
    status: draft
    schema: v3.schema.json
    rules:
      - id: max-weight
        expression: weight_kg <= 1000.0
        message: weight_kg exceeds maximum allowed limit
`,
    );
    const schema = readFileSync(join(folder, "v1.schema.json"), "utf8");
    expect(readFileSync(join(folder, "v3.schema.json"), "utf8")).toBe(schema.replace("/versions/1/", "/versions/3/"));
    const checked = await contract("check", "shipment@3");
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/, 0 findings\n$/) as string]);
    const again = await contract("new", "shipment", "--version", "3");
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("it is there already") as string]);
  });
});

describe("sigma contract fixtures", () => {
  test("writes a payload for every constraint, so that a draft of records is proved at once", async () => {
    const { contract, write } = place();
    write(
      "orders.ndjson",
      '{"order":"o-1","total":2.5,"at":"2024-01-01"}\n{"order":"o-2","total":3,"at":"2024-01-02"}\n',
    );
    await contract("new", "order", "--from", "orders.ndjson");
    const made = await contract("fixtures", "order@1");
    expect(made.code).toBe(0);
    expect(made.stdout).toContain("contracts/order/fixtures/v1/fail/at-format.json  breaks format of /at\n");
    expect(made.stdout).toContain("contracts/order/fixtures/v1/pass/sample.json  passes\n");
    const checked = await contract("check", "--strict");
    expect([checked.code, checked.stdout]).toEqual([
      0,
      expect.stringMatching(/\n10 fixtures, 9 of 9 constraints tested, 0 findings\n$/) as string,
    ]);
    expect((await contract("fixtures", "order@1")).stdout).toContain("Nothing to write");
    expect(await contract("fixtures", "order@7")).toMatchObject({ code: 2 });
  });
});

describe("sigma contract import and export", () => {
  test("a version exported as a data contract and imported again has the same digest", async () => {
    const { cwd, contract, write } = place();
    for (const name of ["shipment@1", "shipment@2"]) {
      const exported = await sigma(["contract", "export", name, "--contracts", join(ROOT, "contracts")], { cwd });
      expect(exported.stderr).toContain("not mapped: rules max-weight");
      write(`${name}.yaml`, exported.stdout);
    }
    expect(await contract("import", "shipment@1.yaml")).toMatchObject({ code: 0 });
    const list = await contract("list", "--json");
    const lock = readFileSync(join(ROOT, "contracts/contracts.lock"), "utf8");
    expect(lock).toContain((JSON.parse(list.stdout) as { digest: string }).digest);
  });

  test("a JSON Schema of draft 7 becomes a draft, and what was not mapped is named", async () => {
    const { cwd, contract, write } = place();
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      required: ["id"],
      properties: { id: { type: "string", format: "uuid", javaType: "UUID" }, n: { $ref: "#/definitions/n" } },
      definitions: { n: { type: "integer" } },
    };
    write("parcel.json", JSON.stringify(schema));
    const made = await contract("import", "parcel.json", "--subject", "parcel", "--identity", "/id");
    expect([made.code, made.stderr]).toEqual([
      0,
      expect.stringContaining("not mapped: /properties/id/javaType") as string,
    ]);
    expect(await contract("lint")).toMatchObject({ code: 0 });
    const back = await contract("export", "parcel@1", "--format", "json-schema");
    expect(JSON.parse(back.stdout)).toEqual(
      JSON.parse(readFileSync(join(cwd, "contracts/parcel/v1.schema.json"), "utf8")),
    );
  });

  test.each([
    ['{"type":"object"}', ["f"], "--subject"],
    ['{"type":"object"}', ["f", "--subject", "a"], "--identity"],
    ['{"type":"object"}', ["f", "--subject", "a", "--identity", "/id"], "does not require it"],
    [
      '{"type":"object","unevaluatedProperties":false,"$dynamicRef":"#x"}',
      ["f", "--subject", "a", "--identity", ""],
      "SIG-I-018",
    ],
    ["[1]", ["f"], "it holds no object"],
    ["a: [", ["f"], 'Cannot read "f"'],
    ["kind: DataContract", ["f"], "no DataContract of version 3"],
    ["", ["absent"], "it does not exist"],
  ])("%j imported with %j ends with a sentence, and writes nothing", async (text, args, words) => {
    const { cwd, contract, write } = place();
    write("f", text);
    const made = await contract("import", ...args);
    if (words === "SIG-I-018") return expect([0, 2]).toContain(made.code);
    expect([made.code, made.stderr]).toEqual([2, expect.stringContaining(words) as string]);
    expect(made.stderr).not.toMatch(/^\s+at /m);
    return expect(existsSync(join(cwd, "contracts"))).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import { editContractYaml, planMove } from "../../src/contract/lifecycle.ts";

describe("what may be done to a version", () => {
  test.each([
    ["activate", "draft", "active"],
    ["activate", "deprecated", "active"],
    ["deprecate", "active", "deprecated"],
    ["deprecate", "deprecated", "deprecated"],
    ["retire", "deprecated", "retired"],
  ] as const)("%s a version that is %s: it is %s", (action, status, to) => {
    expect(planMove(action, "a@1", status)).toEqual({ ok: true, to });
  });

  test.each([
    ["activate", "active", "nothing is to be done"],
    ["activate", "retired", "make a new version"],
    ["deprecate", "draft", "sigma contract activate a@1"],
    ["deprecate", "retired", "make a new version"],
    ["retire", "draft", "sigma contract activate a@1"],
    ["retire", "active", "sigma contract deprecate a@1"],
    ["retire", "retired", "make a new version"],
  ] as const)("%s a version that is %s is refused: %s", (action, status, remedy) => {
    const move = planMove(action, "a@1", status);
    expect(move).toMatchObject({ ok: false, problem: `a@1 is ${status}` });
    expect(JSON.stringify(move)).toContain(remedy);
  });
});

const BLOCK = `# head
subject: parcel   # the parcel
versions:
  1:
    # in force since spring
    status: active   # for now
    schema: "v1.schema.json"
  2: { status: draft, schema: v2.schema.json } # soon
`;

describe("changing a contract.yaml", () => {
  test("changes the state and nothing else, in a block", () => {
    const edited = editContractYaml(BLOCK, 1, { status: "deprecated", deprecated: "2026-11-23", sunset: "2027-01-31" });
    expect(edited).toBe(
      BLOCK.replace(
        "    status: active   # for now\n",
        "    status: deprecated   # for now\n    sunset: 2027-01-31\n    deprecated: 2026-11-23\n",
      ),
    );
    const later = editContractYaml(edited ?? "", 1, { status: "deprecated", sunset: "2027-02-28" });
    expect(later).toBe((edited ?? "").replace("2027-01-31", "2027-02-28"));
    expect(editContractYaml(later ?? "", 1, { status: "active", deprecated: null, sunset: null })).toBe(BLOCK);
  });

  test("changes the state and nothing else, in a flow mapping", () => {
    const edited = editContractYaml(BLOCK, 2, { status: "deprecated", deprecated: "2026-11-23" });
    expect(edited).toBe(BLOCK.replace("status: draft,", "status: deprecated, deprecated: 2026-11-23,"));
    expect(editContractYaml(edited ?? "", 2, { status: "draft", deprecated: null, sunset: null })).toBe(BLOCK);
  });

  test("works on the last line of a file without a newline", () => {
    const text = "versions:\n  1:\n    schema: a\n    status: active";
    const edited = editContractYaml(text, 1, { status: "deprecated", deprecated: "2026-11-23" });
    expect(edited).toBe("versions:\n  1:\n    schema: a\n    status: deprecated\n    deprecated: 2026-11-23");
    expect(editContractYaml(edited ?? "", 1, { status: "active", deprecated: null })).toBe(`${text}\n`);
  });

  test("a version that is not there is no text", () => {
    expect(editContractYaml(BLOCK, 3, { status: "active" })).toBeNull();
    expect(editContractYaml("versions: 1\n", 1, { status: "active" })).toBeNull();
    expect(editContractYaml("versions:\n  1: {schema: a}\n", 1, { status: "active" })).toBeNull();
  });
});

import { registerSchema, unregisterSchema, validate } from "@hyperjump/json-schema/draft-2020-12";
import { describe, expect, test } from "vitest";
import { compareVersions, type Verdict } from "../../src/inclusion/inclusion.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import type { Edit } from "./edit-row.ts";
import { JUDGED } from "./edits-judged.ts";
import { OVERLOOKED } from "./edits-overlooked.ts";
import { USUAL } from "./edits-usual.ts";

const EDITS: readonly Edit[] = [...OVERLOOKED, ...USUAL, ...JUDGED];

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

function versions({ before, after, formats }: Edit) {
  const sides = [before, after].map((schema, index) => ({
    schema,
    rules: [],
    identity: [],
    formats: formats?.[index],
  }));
  return sides as unknown as [Parameters<typeof compareVersions>[0], Parameters<typeof compareVersions>[1]];
}

async function acceptsElsewhere(schema: JsonObject | boolean, value: JsonValue): Promise<boolean> {
  const uri = "https://edits.example/schema";
  registerSchema(schema as Parameters<typeof registerSchema>[0], uri, DIALECT);
  try {
    const judge = await validate(uri);
    return judge(value as Parameters<typeof judge>[0]).valid;
  } finally {
    unregisterSchema(uri);
  }
}

async function confirm(
  verdict: Verdict,
  accepting: JsonObject | boolean,
  refusing: JsonObject | boolean,
): Promise<void> {
  if (verdict.kind !== "incompatible") return;
  const { witness, violations } = verdict;
  const elsewhere = [await acceptsElsewhere(accepting, witness), await acceptsElsewhere(refusing, witness)];
  expect({ witness, elsewhere }).toEqual({ witness, elsewhere: [true, false] });
  expect(violations.length).toBeGreaterThan(0);
}

describe("compatibility of an edit", () => {
  test.each(EDITS)("$name", async (edit) => {
    const { before, after } = edit;
    expect([...refuseSchema(before, "annotate"), ...refuseSchema(after, "annotate")]).toEqual([]);
    const { backward, forward } = compareVersions(...versions(edit), { seed: 1 });
    // The whole verdicts, so that a wrong one is seen with its witness.
    expect({ backward, forward }).toMatchObject({ backward: { kind: edit.backward }, forward: { kind: edit.forward } });
    // The second engine takes every format for a note.
    const isJudgedElsewhere = edit.formats?.includes("assert") !== true;
    if (isJudgedElsewhere) await confirm(backward, before, after);
    if (isJudgedElsewhere) await confirm(forward, after, before);
  });

  test.each(EDITS)("the same seed gives the same answer: $name", (edit) => {
    const run = (): unknown => compareVersions(...versions(edit), { seed: 7, effort: 500 });
    expect(run()).toEqual(run());
  });

  test("the table has the edits it promises", () => {
    expect([EDITS.length >= 40, OVERLOOKED.length >= 19, new Set(EDITS.map(({ name }) => name)).size]).toEqual([
      true,
      true,
      EDITS.length,
    ]);
  });
});
